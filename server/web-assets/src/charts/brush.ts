// Drag over a chart to zoom into that stretch of time. Mouse and pen only: a finger scrolls the page.

const LEAST_PX = 6;

/** `snap` turns two pixel positions into the moments of whole buckets. */
export function brush(
  canvas: HTMLElement,
  snap: (fromPx: number, toPx: number) => [number, number] | undefined,
  zoom: (fromMs: number, toMs: number) => void,
  signal: AbortSignal,
): void {
  const shade = document.createElement("div");
  shade.className = "hf-brush";
  let startPx: number | null = null;

  const xOf = (event: PointerEvent): number => event.clientX - canvas.getBoundingClientRect().left;
  const end = (): void => {
    startPx = null;
    shade.remove();
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" && event.button === 0) startPx = xOf(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (startPx === null || Math.abs(xOf(event) - startPx) < LEAST_PX) return;
    if (!shade.isConnected) {
      canvas.append(shade);
      canvas.setPointerCapture(event.pointerId);
    }
    shade.style.left = `${Math.min(startPx, xOf(event))}px`;
    shade.style.width = `${Math.abs(xOf(event) - startPx)}px`;
  });
  canvas.addEventListener("pointerup", (event) => {
    if (startPx !== null && shade.isConnected) {
      const [from, to] = [startPx, xOf(event)].sort((one, two) => one - two) as [number, number];
      const span = snap(from, to);
      if (span) zoom(...span);
    }
    end();
  });
  canvas.addEventListener("pointercancel", end);
  document.addEventListener("keydown", (event) => event.key === "Escape" && end(), { signal });
}
