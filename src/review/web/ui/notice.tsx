import type { ComponentChildren } from 'preact';
import { Icon } from './icons.js';

export function Notice({ kind, children }: { kind: 'bad' | 'warn' | 'info'; children: ComponentChildren }) {
  return (
    <div class={`notice ${kind}`} role={kind === 'info' ? 'status' : 'alert'}>
      {kind !== 'info' && <Icon name="warn" />}
      <div>{children}</div>
    </div>
  );
}
