import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Rect } from '../model/box.js';
import type { Point, Size } from '../model/geometry.js';
import * as actions from './actions.js';
import { BoxView } from './box-view.js';
import { clicked, cursorOf, dragDistance, dragged, gripAt, type Grip } from './drag.js';
import type { ReviewSession } from './session.js';
import { rem, usualRem } from '../ui/rem.js';
import { fitted, panned, toPicture, toStage, zoomed, type Viewport } from './viewport.js';

/** What the keys and buttons of the page do to the canvas. */
export interface CanvasControls {
  zoom(factor: number): void;
  /** By shares of the stage. */
  pan(by: Point): void;
  fit(): void;
  /** The middle of what is shown, in pixels of the picture, and how much of it is shown. */
  visible(): { middle: Point; size: Size };
  /** Gives up a drag; whether there was one. */
  cancel(): boolean;
}

type Drag = { from: Point; screen: Point; moved: boolean } & ({ grip: Grip } | { pan: Viewport });

/** A box must have this size on the screen to be one: less is a slip of the hand. */
const leastSide = 3;

export function Canvas({
  session,
  boxesShown,
  controls,
}: {
  session: ReviewSession;
  boxesShown: boolean;
  controls: { current: CanvasControls | undefined };
}) {
  const stage = useRef<HTMLDivElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  /** Undefined: the whole picture, whatever the sizes. */
  const [zoom, setZoom] = useState<Viewport>();
  const [preview, setPreview] = useState<{ key: string | undefined; rect: Rect }>();
  const [error, setError] = useState<string>();
  const [, redraw] = useState(0);
  const drag = useRef<Drag | undefined>(undefined);
  const { frame } = session;
  const view = zoom ?? fitted(frame, size);
  // The picture and its boxes are shown in the same moment.
  const image = session.isLoaded() ? session.pictures.ready(frame.number) : undefined;
  const unit = rem() / usualRem;

  useLayoutEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // What was begun on one frame is not done on another.
  useLayoutEffect(() => {
    drag.current = undefined;
    setPreview(undefined);
    setError(undefined);
  }, [frame.number]);

  // The element itself is shown, decoded as it is, so that a frame that was prepared is there in the same moment.
  useLayoutEffect(() => {
    if (image !== undefined) {
      holder.current?.replaceChildren(image);
      stage.current?.setAttribute('data-shown', String(frame.number));
      setError(undefined);
      return;
    }
    holder.current?.replaceChildren();
    stage.current?.removeAttribute('data-shown');
    let gone = false;
    session.pictures.load(frame.number).then(
      () => !gone && redraw((count) => count + 1),
      () => !gone && setError('The picture of this frame cannot be loaded.'),
    );
    return () => {
      gone = true;
    };
  }, [frame.number, image]);

  useLayoutEffect(() => {
    controls.current = {
      // Keys may come faster than the view is drawn: each goes on from where the last has led.
      zoom(factor) {
        const middle = { x: size.width / 2, y: size.height / 2 };
        setZoom((before) => zoomed(before ?? fitted(frame, size), factor, middle, frame, size));
      },
      pan(by) {
        const pixels = { x: -by.x * size.width, y: -by.y * size.height };
        setZoom((before) => panned(before ?? fitted(frame, size), pixels, frame, size));
      },
      fit: () => setZoom(undefined),
      visible: () => ({
        middle: toPicture(view, { x: size.width / 2, y: size.height / 2 }),
        size: { width: size.width / view.scale, height: size.height / view.scale },
      }),
      cancel() {
        const had = drag.current !== undefined;
        drag.current = undefined;
        setPreview(undefined);
        return had;
      },
    };
  });

  const screenPoint = useCallback((event: MouseEvent): Point => {
    const { left, top } = stage.current?.getBoundingClientRect() ?? { left: 0, top: 0 };
    return { x: event.clientX - left, y: event.clientY - top };
  }, []);

  const onPointerDown = (event: PointerEvent) => {
    const screen = screenPoint(event);
    const from = toPicture(view, screen);
    if (event.button === 1 || (event.button === 0 && event.getModifierState('Shift'))) {
      drag.current = { from, screen, moved: false, pan: view };
    } else if (event.button === 0) {
      const boxes = boxesShown ? session.visibleBoxes() : [];
      drag.current = { from, screen, moved: false, grip: gripAt(boxes, session.selectedBox, from, view.scale / unit) };
    } else return;
    stage.current?.setPointerCapture(event.pointerId);
    event.preventDefault();
  };

  const onPointerMove = (event: PointerEvent) => {
    const screen = screenPoint(event);
    const at = toPicture(view, screen);
    const current = drag.current;
    if (current === undefined) {
      const boxes = boxesShown ? session.visibleBoxes() : [];
      if (stage.current !== null) {
        stage.current.style.cursor = cursorOf(gripAt(boxes, session.selectedBox, at, view.scale / unit));
      }
      return;
    }
    const distance = Math.max(Math.abs(screen.x - current.screen.x), Math.abs(screen.y - current.screen.y));
    current.moved ||= distance >= dragDistance;
    if (!current.moved) return;
    if ('pan' in current) {
      const by = { x: screen.x - current.screen.x, y: screen.y - current.screen.y };
      setZoom(panned(current.pan, by, frame, size));
      return;
    }
    if (session.isFinished) return;
    const { grip } = current;
    setPreview({ key: 'box' in grip ? grip.box.key : undefined, rect: dragged(grip, current.from, at, frame) });
  };

  const onPointerUp = (event: PointerEvent) => {
    const current = drag.current;
    drag.current = undefined;
    setPreview(undefined);
    if (current === undefined || 'pan' in current) return;
    const at = toPicture(view, screenPoint(event));
    if (!current.moved) {
      const boxes = boxesShown ? session.visibleBoxes() : [];
      session.select(clicked(boxes, session.selected, at, view.scale / unit));
      return;
    }
    const rect = dragged(current.grip, current.from, at, frame);
    const side = Math.min(rect.x2 - rect.x1, rect.y2 - rect.y1);
    if (side * view.scale < leastSide || side < 1) return;
    if (current.grip.kind === 'draw') actions.drawBox(session, rect);
    else {
      if (session.selected !== current.grip.box.key) session.select(current.grip.box.key);
      actions.placeBox(session, current.grip.box.key, rect);
    }
  };

  const onWheel = (event: WheelEvent) => {
    event.preventDefault();
    // A notch of a wheel is 100 or 120: about a quarter more or less.
    const factor = Math.exp(-Math.max(-240, Math.min(240, event.deltaY)) * 0.002);
    setZoom(zoomed(view, factor, screenPoint(event), frame, size));
  };

  const selected = session.selectedBox;
  const boxes = boxesShown ? session.visibleBoxes().filter((box) => box !== selected) : [];
  return (
    <div
      ref={stage}
      class="stage"
      role="group"
      aria-roledescription="frame"
      aria-label={`Frame ${session.index + 1} of ${session.frames.length}, ${session.isLoaded() ? session.boxes().length : '…'} boxes`}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={() => controls.current?.cancel()}
      onWheel={onWheel}
      onDblClick={() => selected === undefined && setZoom(undefined)}
    >
      <div
        ref={holder}
        class={view.scale > 3 ? 'picture pixels' : 'picture'}
        style={{
          width: `${frame.width * view.scale}px`,
          height: `${frame.height * view.scale}px`,
          transform: `translate(${view.x}px, ${view.y}px)`,
        }}
      />
      <svg class="overlay" aria-hidden="true">
        {[...boxes, ...(selected !== undefined && boxesShown ? [selected] : [])].map((box) => (
          <BoxView
            key={box.key}
            box={box}
            rect={toStage(view, preview?.key === box.key ? preview.rect : box)}
            label={session.label(box.labelId)}
            selected={box === selected}
            quiet={preview !== undefined && box !== selected}
            unit={unit}
          />
        ))}
        {preview !== undefined && preview.key === undefined && (
          <NewBox session={session} rect={toStage(view, preview.rect)} />
        )}
      </svg>
      {error !== undefined && <p class="stage-note">{error}</p>}
      {error === undefined && image === undefined && <p class="stage-note">Loading …</p>}
      <p class="zoom-note" aria-hidden="true">
        {Math.round(view.scale * 100)}%
      </p>
    </div>
  );
}

function NewBox({ session, rect }: { session: ReviewSession; rect: Rect }) {
  const { color } = session.label(session.labelId);
  const outline = { x: rect.x1, y: rect.y1, width: rect.x2 - rect.x1, height: rect.y2 - rect.y1 };
  return (
    <g class="box selected">
      <rect class="halo" {...outline} />
      <rect class="line" {...outline} stroke={color} fill={color} />
    </g>
  );
}
