import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { labelsNamed } from '../model/labels.js';
import * as actions from './actions.js';
import type { ReviewSession } from './session.js';

/** As many as there are keys for: more are looked for by their names. */
const keysOfLabels = 9;

/** The labels, to be chosen for the selected box or the next one. */
export function Labels({ session, search }: { session: ReviewSession; search: RefObject<HTMLInputElement | null> }) {
  const active = session.selectedBox?.labelId ?? session.labelId;
  const [text, setText] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const found = labelsNamed(session.labels, text);

  // Of the list alone: the panel stays where the hand is.
  useLayoutEffect(() => {
    const shown = list.current?.querySelector<HTMLElement>('[aria-pressed=true]');
    if (list.current === null || shown === null || shown === undefined) return;
    const { scrollTop, clientHeight } = list.current;
    const { offsetTop, offsetHeight } = shown;
    if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight)
      list.current.scrollTop = offsetTop;
  }, [active]);

  const choose = (id: number) => {
    actions.chooseLabel(session, id);
    leave();
  };
  const leave = () => {
    setText('');
    search.current?.blur();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const [first] = found;
    if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && first !== undefined) {
      choose(first.id);
    } else if (event.key === 'Escape') {
      leave();
      // It would give up the selected box as well.
      event.stopPropagation();
    }
  };
  return (
    <section>
      <h3>{session.selectedBox === undefined ? 'Label of new boxes' : 'Label of the selected box'}</h3>
      {session.labels.length > keysOfLabels && (
        <input
          ref={search}
          type="search"
          class="label-search"
          aria-label="Find a label"
          aria-keyshortcuts="L"
          placeholder={`Find one of ${session.labels.length} labels (L)`}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      )}
      <div ref={list} class="labels">
        {found.map((label) => {
          const { id, name, color } = label;
          const index = session.labels.indexOf(label);
          return (
            <button
              key={id}
              type="button"
              class="label"
              title={name}
              aria-pressed={id === active}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(id)}
            >
              <Swatch color={color} />
              <span class="ellipsis">{name}</span>
              {index < keysOfLabels && <kbd aria-hidden="true">{index + 1}</kbd>}
            </button>
          );
        })}
      </div>
      {found.length === 0 && <p class="quiet">No label has “{text}” in its name.</p>}
    </section>
  );
}

export function Swatch({ color }: { color: string }) {
  return <span class="swatch" style={{ backgroundColor: color }} aria-hidden="true" />;
}
