/* Runs before the first paint, so that a chosen theme does not flash: a classic script, nothing inline. */
(function () {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch { /* storage may be forbidden: the system's theme holds */ }
})();
