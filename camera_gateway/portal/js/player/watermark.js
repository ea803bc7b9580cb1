/* Who watches, over the picture: so that a photograph of the screen names its source. In a closed shadow tree, drawn
   anew when somebody takes it away; it does not claim to stop a person who changes the program. */

const TEMPLATE = "position:absolute;inset:0;width:100%;height:100%;pointer-events:none;display:block;visibility:visible;opacity:1;z-index:2";
const NAME = "player-mark";
const OPACITY = 0.17;

/** Keep `text()` drawn over `box`; returns a function that ends it. */
export function keepMark(box, text) {
  let host = null;
  let canvas = null;
  let drawn = "";

  function put() {
    host = document.createElement("span");
    host.className = NAME;
    host.setAttribute("aria-hidden", "true");
    host.style.cssText = TEMPLATE;
    canvas = document.createElement("canvas");
    canvas.style.cssText = TEMPLATE;
    host.attachShadow({ mode: "closed" }).append(canvas);
    box.append(host);
    drawn = "";
    draw();
  }

  function draw() {
    const words = text();
    const ratio = Math.min(2, devicePixelRatio || 1);
    const width = Math.round(box.clientWidth * ratio);
    const height = Math.round(box.clientHeight * ratio);
    const key = `${words}|${width}|${height}`;
    if (key === drawn || !width || !height) return;
    drawn = key;
    canvas.width = width;
    canvas.height = height;
    const pen = canvas.getContext("2d");
    const size = Math.max(11 * ratio, width / 48);
    pen.font = `600 ${size}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.lineWidth = size / 9;
    const step = pen.measureText(words).width + size * 6;
    pen.translate(width / 2, height / 2);
    pen.rotate(-Math.PI / 9);
    const reach = Math.hypot(width, height) / 2;
    let row = 0;
    for (let y = -reach; y < reach; y += size * 9, row += 1) {
      for (let x = -reach - step + (row % 2 ? step / 2 : 0); x < reach + step; x += step) {
        pen.strokeStyle = `rgba(0, 0, 0, ${OPACITY})`;
        pen.fillStyle = `rgba(255, 255, 255, ${OPACITY})`;
        pen.strokeText(words, x, y);
        pen.fillText(words, x, y);
      }
    }
  }

  function check() {
    if (host.parentNode !== box || host.className !== NAME || host.hidden || host.style.cssText !== host.dataset.style) {
      watch.disconnect();
      host.remove();
      begin();
    }
  }

  const watch = new MutationObserver(check);
  const size = new ResizeObserver(() => draw());
  function begin() {
    put();
    host.dataset.style = host.style.cssText;
    watch.observe(box, { childList: true });
    watch.observe(host, { attributes: true, attributeFilter: ["style", "class", "hidden"] });
  }
  begin();
  size.observe(box);
  const timer = setInterval(draw, 5_000);
  return () => {
    clearInterval(timer);
    watch.disconnect();
    size.disconnect();
    host.remove();
  };
}
