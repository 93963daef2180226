"""What somebody may try in the body of a metric, by name. Every one is to end as a problem or as a
harmless value, within the limits, and nothing outside may have happened.
"""

from __future__ import annotations

ESCAPES = {
    "subclasses": "return str(().__class__.__bases__[0].__subclasses__())",
    "globals": "return str(metric.__globals__)",
    "builtins by globals": "return str(metric.__globals__['__builtins__'])",
    "format walk": "return '{0.__class__.__mro__}'.format(example)",
    "format_map walk": "return '{x.__class__.__init__.__globals__}'.format_map({'x': metric})",
    "getattr dunder": "return str(getattr(metric, '__co' + 'de__'))",
    "generator frame": "g = (i for i in [1]); return str(g.gi_frame.f_back.f_globals)",
    "traceback frame": (
        "try:\n        1 / 0\n    except Exception as e:\n"
        "        return str(e.__traceback__.tb_frame.f_back.f_globals)"
    ),
    "os.system": "import os; os.system('touch PWNED'); return 1.0",
    "os.popen": "import os; return os.popen('id').read()",
    "environment": "import os; return str(dict(os.environ))",
    "dunder import": "return __import__('os').popen('touch PWNED').read()",
    "subprocess": "import subprocess; subprocess.run(['touch', 'PWNED']); return 1.0",
    "read a file": "return open('/etc/passwd').read()",
    "write a file": "open('PWNED', 'w').write('x'); return 1.0",
    "pathlib": "import pathlib; return pathlib.Path('/etc/passwd').read_text()",
    "pathlib writes": "import pathlib; pathlib.Path('PWNED').write_text('x'); return 1.0",
    "socket": "import socket; socket.socket().connect(('127.0.0.1', 80)); return 1.0",
    "urllib": "import urllib.request; return urllib.request.urlopen('http://127.0.0.1').read()",
    "eval": 'return eval(\'__import__("os").listdir("/")\')',
    "exec": "exec('import os; os.mkdir(\"PWNED\")'); return 1.0",
    "compile": "return str(eval(compile('1+1', 'x', 'eval')))",
    "ctypes": "import ctypes; return str(ctypes.CDLL(None))",
    "modules by re": "import re; return str(re.enum.sys.modules['os'].listdir('/'))",
    "modules by json": "import json; return json.codecs.open('/etc/passwd').read()",
    "sys.modules": "import sys; return str(sys.modules)",
    "mro": "return str(type(example).mro())",
    "a module is returned": "import json; return json",
    "a function is returned": "return metric",
    "a class is returned": "return int",
    "pickle": "import pickle; return pickle.dumps(metric)",
    "the answer's own function": "global _told; _told = lambda v: v; return [1]",
    "json is shadowed": "global _json; _json = None; return 1.0",
    "system exit": "raise SystemExit(3)",
    "keyboard interrupt": "raise KeyboardInterrupt",
}
AMPLIFIERS = {
    "text times": "return len('a' * 10**10)",
    "list times": "return len([0] * 10**10)",
    "append": "x = []\n    while True: x.append('a' * 1000)",
    "doubling": "x = 'a'\n    while True: x += x",
    "ljust": "return len('a'.ljust(10**10))",
    "percent width": "return len('%*d' % (10**9, 1))",
    "f-string width": "return len(f'{1:10000000000}')",
    "replace": "return len(('a' * 10**5).replace('a', 'b' * 10**6))",
    "join": "return len(('x' * 10**6).join(['y'] * 10**6))",
    "list of range": "return len(list(range(10**10)))",
    "power": "return len(str(9 ** 9 ** 9))",
    "shift": "return (1 << 10**11) > 0",
    "digits": "return len(str(7 ** 3000000))",
    "recursion": "return metric(example, prediction, trace)",
    "decimal": "import decimal\n    return str(decimal.Decimal(10) ** 10**9)",
    "dictionary": "d = {}\n    for i in range(10**9): d[i] = i",
    "large answer": "return 'a' * (40 * 2**20)",
    "shared answer": "x = [0]\n    for _ in range(10): x = [x] * 10\n    return x",
    "deep answer": "x = []\n    for _ in range(300000): x = [x]\n    return x",
    "print flood": "for _ in range(10**6): print('a' * 1000)\n    return 1.0",
    "re.sub": "import re\n    return len(re.sub('a', 'b' * 10**6, 'a' * 10**5))",
    "normalisation": (
        "import unicodedata\n"
        "    return len(unicodedata.normalize('NFKD', '\\ufdfa' * 10**7))"
    ),
    "product": "import itertools\n    return len(list(itertools.product(range(100), repeat=6)))",
}  # fmt: skip
ENDLESS = {
    "while true": "while True: pass",
    "caught": (
        "while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass"
    ),
    "finally": "try:\n        while True: pass\n    finally:\n        while True: pass",
    "sum": "return sum(range(10**12))",
    "sorted": "return sorted(range(10**8), key=lambda n: -n)[0]",
    "max": "return max(map(lambda n: n, range(10**12)))",
    "backtracking": "import re\n    return bool(re.match(r'(a+)+$', 'a' * 60 + 'b'))",
    "back reference": "import re\n    return bool(re.match(r'(a*)*\\1b', 'a' * 60))",
    "sleep": "import time\n    time.sleep(10**6)\n    return 1.0",
    "hash loop": "import hashlib\n    while True: hashlib.sha256(b'a' * 10**6).digest()",
    "equality": (
        "class A:\n        def __eq__(self, other): return self == other\n    return A() == A()"
    ),
}  # fmt: skip
BOMBS = {
    "parentheses": "(" * 20_000 + ")" * 20_000,
    "not": "not " * 15_000 + "True",
    "lists": "[" * 20_000 + "]" * 20_000,
    "sum of ones": "+".join(["1"] * 30_000),
}
