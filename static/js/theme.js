// Runs before the first paint, so that a page never flashes in the other theme.
{
  const root = document.documentElement;
  const KEY = "promptlab-theme";

  const read = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // Storage is closed to us: the device's theme it is.
    }
  };

  const saved = read();
  if (saved) root.dataset.theme = saved;

  globalThis.switchTheme = () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem(KEY, root.dataset.theme);
    } catch {
      // The choice then lasts as long as the page.
    }
  };
}
