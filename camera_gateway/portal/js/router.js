/* Addresses of the portal and the modules that draw them. api/portal.py names the same first parts. */

const NAMED = [
  ["/sign-in", "sign-in", { open: true }],
  ["/welcome", "welcome", { open: true }],
  ["/today", "today"],
  ["/institutions", "institutions"],
  ["/institutions/:institution", "institution"],
  ["/cameras", "cameras"],
  ["/cameras/add", "camera-add"],
  ["/cameras/import", "camera-import"],
  ["/cameras/discover", "camera-discover"],
  ["/cameras/:camera", "camera"],
  ["/cameras/:camera/pictures", "pictures"],
  ["/watch", "watch"],
  ["/evidence", "evidence"],
  ["/evidence/new", "evidence-new"],
  ["/evidence/:request", "evidence-request"],
  ["/holds", "holds"],
  ["/incidents", "incidents"],
  ["/retention", "retention"],
  ["/compliance", "compliance"],
  ["/compliance/:institution", "compliance-institution"],
  ["/compliance/:institution/:rule", "finding"],
  ["/standards", "standards"],
  ["/standards/:standard", "standard"],
  ["/registers", "registers"],
  ["/reports", "reports"],
  ["/alerts", "alerts"],
  ["/alerts/outages", "outages"],
  ["/alerts/maintenance", "maintenance"],
  ["/audit", "audit"],
  ["/audit/viewings", "viewings"],
  ["/people", "people"],
  ["/account", "account"],
  ["/system", "system"],
];

/** What an address leads to: {name, params, open}; null for an address that the portal does not have. */
export function find(pathname) {
  const path = pathname === "/" ? "/today" : pathname.replace(/\/+$/, "");
  const parts = path.split("/");
  for (const [pattern, name, options] of NAMED) {
    const wanted = pattern.split("/");
    if (wanted.length !== parts.length) continue;
    const params = {};
    const fits = wanted.every((part, i) => {
      if (!part.startsWith(":")) return part === parts[i];
      try {
        params[part.slice(1)] = decodeURIComponent(parts[i]);
      } catch {
        return false;
      }
      return parts[i] !== "";
    });
    if (fits) return { name, params, open: options?.open ?? false };
  }
  return null;
}

/** Load the module of a page. Its address changes with each release: a page left open may ask for one that is gone. */
export const loadPage = (name) => import(`./pages/${name}.js`);

/** Let links of this portal change the page without loading it anew; everything else is the browser's own affair. */
export function catchLinks(go) {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
    if (!find(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}
