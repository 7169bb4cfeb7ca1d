import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { thumbnailUrl } from '../api/cvat.js';
import type { FrameInfo } from '../model/frame.js';
import { Icon } from '../ui/icons.js';
import { rem } from '../ui/rem.js';
import type { ReviewSession } from './session.js';

/** In rem: the width of an item with the gap after it. */
const itemRem = 7.5;
/** Items beside what is seen, so that a slow hand does not see them come. */
const spare = 4;

/**
 * All frames of the job side by side. Only those that are seen exist, so that a thousand cost no more than ten, and they
 * come when the large picture is there, which people wait for.
 */
export function Filmstrip({ session, folderId }: { session: ReviewSession; folderId: string }) {
  const strip = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 24 });
  const [isFilled, setFilled] = useState(false);
  const item = itemRem * rem();

  const measure = () => {
    const { scrollLeft = 0, clientWidth = 0 } = strip.current ?? {};
    const from = Math.max(0, Math.floor(scrollLeft / item) - spare);
    const to = Math.ceil((scrollLeft + clientWidth) / item) + spare;
    setRange((before) => (before.from === from && before.to === to ? before : { from, to }));
  };

  useLayoutEffect(() => {
    const element = strip.current;
    if (element === null) return;
    const left = session.index * item;
    // The frame after the current one is seen too.
    if (left < element.scrollLeft + item || left + 2 * item > element.scrollLeft + element.clientWidth) {
      element.scrollLeft = left - (element.clientWidth - item) / 2;
    }
    measure();
  }, [session.index, item]);

  useLayoutEffect(() => {
    if (strip.current === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(strip.current);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const fill = () => requestAnimationFrame(() => setFilled(true));
    session.pictures.load(session.frame.number).then(fill, fill);
  }, []);

  const { from, to } = isFilled ? range : { from: session.index, to: session.index + 1 };
  return (
    <div ref={strip} class="filmstrip" role="group" aria-label="Frames of the job" onScroll={measure}>
      <div class="filmstrip-track" style={{ width: `${session.frames.length * itemRem}rem` }}>
        {session.frames.slice(from, to).map((frame, offset) => (
          <FilmstripItem
            key={frame.number}
            {...{ session, frame, folderId }}
            index={from + offset}
            current={from + offset === session.index}
          />
        ))}
      </div>
    </div>
  );
}

function FilmstripItem(props: {
  session: ReviewSession;
  frame: FrameInfo;
  index: number;
  current: boolean;
  folderId: string;
}) {
  const { session, frame, index, current, folderId } = props;
  const loaded = session.isLoaded(frame);
  const boxes = loaded ? session.boxes(frame).length : '…';
  const leftOut = session.leftOut.has(frame.number);
  const reviewed = session.isReviewed(frame);
  const unsure = session.isUnsure(frame);
  const state = leftOut
    ? 'left out'
    : !loaded
      ? 'being loaded'
      : reviewed
        ? 'reviewed'
        : unsure
          ? 'unsure'
          : 'not reviewed';
  return (
    <button
      type="button"
      class={`filmstrip-item ${current ? 'current' : ''} ${leftOut ? 'left-out' : ''}`}
      style={{ left: `${index * itemRem}rem` }}
      aria-current={current ? 'true' : undefined}
      aria-label={`Frame ${index + 1}, ${boxes} boxes, ${state}`}
      title={frame.name}
      tabIndex={current ? 0 : -1}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => session.show(index)}
    >
      <img src={thumbnailUrl(session.job.task_id, frame.number, folderId)} alt="" draggable={false} decoding="async" />
      <span class="filmstrip-caption">
        <span>{index + 1}</span>
        {reviewed ? (
          <span class={leftOut ? 'mark' : 'mark done'}>
            <Icon name={leftOut ? 'trash' : 'check'} />
          </span>
        ) : (
          <span class={unsure ? 'mark unsure' : 'mark'}>{unsure ? '?' : ''}</span>
        )}
        <span class="count">{boxes}</span>
      </span>
    </button>
  );
}
