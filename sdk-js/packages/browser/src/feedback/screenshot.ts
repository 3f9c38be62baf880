/**
 * A picture of the page as it is seen, loaded only when somebody wants one. What people typed and whatever is marked
 * `data-holdfast-private` is masked before the picture is drawn.
 */
import { domToJpeg } from 'modern-screenshot';

const PRIVATE = '[data-holdfast-private],input,textarea,select,[contenteditable=""],[contenteditable=true]';
const MAX_CHARS = 700_000;
const MASK = '•';

/** A JPEG as a data URL that fits one request. Rejects when the page can't be drawn. */
export async function captureScreenshot(): Promise<string> {
  const { innerWidth: width, innerHeight: height } = window;
  for (const [scale, quality] of [[1, 0.8], [0.75, 0.6], [0.5, 0.5]] as const) {
    const picture = await domToJpeg(document.documentElement, {
      width,
      height,
      scale,
      quality,
      backgroundColor: getComputedStyle(document.body).backgroundColor || '#fff',
      style: { transform: `translate(${-scrollX}px, ${-scrollY}px)` },
      filter: (node) => !(node as Element).matches?.('[data-holdfast-dialog]'),
      onCloneNode: mask,
      // Embedding web fonts needs an inline style, which a strict content security policy refuses.
      font: false,
      timeout: 5_000,
    });
    if (picture.length <= MAX_CHARS) return picture;
  }
  throw new Error('the picture is too large');
}

/** Hide what is private in a copy of the page. */
export function mask(copy: Node): void {
  if (!(copy instanceof Element)) return;
  const own = copy.matches(PRIVATE) ? [copy] : [];
  for (const element of [...own, ...copy.querySelectorAll(PRIVATE)]) hide(element);
}

function hide(element: Element): void {
  element.removeAttribute('value');
  element.removeAttribute('src');
  element.removeAttribute('placeholder');
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) element.value = masked(element.value);
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.textContent = masked(texts.currentNode.textContent ?? '');
  for (const image of element.querySelectorAll('img,svg,canvas,video')) (image as HTMLElement).style.visibility = 'hidden';
}

function masked(text: string): string {
  return text.replace(/\S/g, MASK);
}
