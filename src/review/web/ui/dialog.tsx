import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button.js';

/** A modal dialog: the browser keeps the focus inside and gives it back. */
export function Dialog(props: { title: string; children: ComponentChildren; onClose: () => void; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.wide ? 'dialog wide' : 'dialog'}
      aria-labelledby="dialog-title"
      onClose={props.onClose}
      // The backdrop belongs to the dialog itself, everything else to what is in it.
      onClick={(event) => event.target === dialog.current && props.onClose()}
    >
      <div class="dialog-content">
        <header>
          <h2 id="dialog-title">{props.title}</h2>
          <Button icon="close" label="Close" kind="plain" onClick={props.onClose} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
