// Runs before the first paint, so that a page never flashes in the other theme.
{
  const root = document.documentElement;
  const KEY = "promptlab-theme";
  // What the account says. A choice made here lasts until the account says something else.
  const account = root.dataset.theme ?? "";

  const read = () => {
    try {
      return localStorage.getItem(KEY) ?? "";
    } catch {
      return ""; // Storage is closed to us: the account's or the device's theme it is.
    }
  };

  const [chosen, over] = read().split("@");
  if (chosen && over === account) root.dataset.theme = chosen;

  globalThis.switchTheme = () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem(KEY, `${root.dataset.theme}@${account}`);
    } catch {
      // The choice then lasts as long as the page.
    }
  };
}
