import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.js';

export interface ButtonProps {
  icon?: IconName;
  /** Shown beside the icon. */
  children?: ComponentChildren;
  /** What it does; read out, and shown when the pointer rests on it. Needed where only the icon is seen. */
  label?: string;
  /** The key that does the same. */
  shortcut?: string;
  kind?: 'primary' | 'danger' | 'plain';
  disabled?: boolean;
  pressed?: boolean;
  /** Has the focus when its dialog opens. */
  first?: boolean;
  onClick: () => void;
}

export function Button({ icon, children, label, shortcut, kind, disabled, pressed, first, onClick }: ButtonProps) {
  const title = label === undefined ? shortcut && `Key ${shortcut}` : shortcut ? `${label} (${shortcut})` : label;
  return (
    <button
      type="button"
      class={`button ${kind ?? ''} ${children === undefined ? 'icon-only' : ''}`}
      title={title}
      aria-label={children === undefined ? label : undefined}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      disabled={disabled}
      autofocus={first}
      // A click leaves the focus where it is, so that the keys of the page go on working.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {children !== undefined && <span>{children}</span>}
      {children !== undefined && shortcut && <kbd aria-hidden="true">{shortcut}</kbd>}
    </button>
  );
}
