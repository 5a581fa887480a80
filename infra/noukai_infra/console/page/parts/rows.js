/** A long list of which only the visible rows are drawn. Every row has the same height. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/dom.js";

const SPARE = 8;

/**
 * @param {{items: any[], height: number, draw: (item: any, index: number) => any, label: string, role?: string,
 *   columns?: number, follows?: boolean, onSeen?: (first: number, last: number) => void, onEnd?: () => void,
 *   onScrolledBack?: () => void, place?: {top: number}, class?: string}} properties
 */
export function Rows({ items, height, draw, label, role = "rowgroup", follows = false, onSeen, onEnd, onScrolledBack, place: kept, class: name = "" }) {
  const place = useRef(null);
  const [range, setRange] = useState({ first: 0, last: 40 });
  const measure = () => {
    const { scrollTop, clientHeight } = place.current;
    const first = Math.floor(scrollTop / height);
    const last = Math.ceil((scrollTop + clientHeight) / height);
    setRange((old) => (old.first === first && old.last === last ? old : { first, last }));
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [height]);
  useLayoutEffect(() => {
    if (kept?.top) place.current.scrollTop = kept.top;
  }, []);
  useLayoutEffect(() => {
    if (follows) place.current.scrollTop = items.length * height;
    measure();
  }, [items.length, follows]);
  useEffect(() => {
    onSeen?.(range.first, Math.min(range.last, items.length));
    if (range.last >= items.length - 5) onEnd?.();
  }, [range.first, range.last, items.length]);
  const scrolled = () => {
    if (kept) kept.top = place.current.scrollTop;
    const { scrollTop, scrollHeight, clientHeight } = place.current;
    if (scrollTop + clientHeight < scrollHeight - 2 * height) onScrolledBack?.();
    measure();
  };
  const from = Math.max(0, range.first - SPARE);
  const to = Math.min(items.length, range.last + SPARE);
  return html`<div ref=${place} class=${`rows ${name}`} role=${role} aria-label=${label} tabindex=${role === "log" ? 0 : -1} onScroll=${scrolled}>
    <div class="space" role="presentation" style=${{ blockSize: `${items.length * height}px` }}>
      <div class="window" role="presentation" style=${{ transform: `translateY(${from * height}px)` }}>
        ${items.slice(from, to).map((item, index) => draw(item, from + index))}
      </div>
    </div>
  </div>`;
}
