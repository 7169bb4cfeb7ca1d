import type { Handle } from '../model/geometry.js';
import { keyName } from '../model/keys.js';
import * as actions from './actions.js';
import type { ReviewSession } from './session.js';

/** What the view, rather than the job, can do. */
export interface View {
  zoom(factor: number): void;
  /** By shares of the stage. */
  pan(by: { x: number; y: number }): void;
  fit(): void;
  drawFromKeyboard(): void;
  cancel(): boolean;
  showHelp: () => void;
  finish: () => void;
  findLabel: () => void;
  toggleBoxes(): void;
}

export interface Shortcut {
  group: 'Frames' | 'Decide' | 'Boxes' | 'View';
  /** As {@link keyName} writes them. */
  keys: string[];
  /** How the help shows them, where that differs. */
  shown?: string;
  what: string;
  /** Holding the key down does it again and again. */
  repeats?: boolean;
  run(session: ReviewSession, view: View, key: string): void;
}

const arrows = ['arrowleft', 'arrowright', 'arrowup', 'arrowdown'];
const withPrefix = (prefix: string) => arrows.map((arrow) => `${prefix}${arrow}`);

/** One pixel, or ten with Shift. */
function step(key: string): { x: number; y: number } {
  const distance = key.includes('shift+') ? 10 : 1;
  if (key.endsWith('left')) return { x: -distance, y: 0 };
  if (key.endsWith('right')) return { x: distance, y: 0 };
  return { x: 0, y: key.endsWith('up') ? -distance : distance };
}

const edge = (key: string, corner: 'nw' | 'se'): Handle =>
  /left|right/.test(key) ? (corner === 'nw' ? 'w' : 'e') : corner === 'nw' ? 'n' : 's';

/** Everything the keyboard does on the review page; the help shows this list. F, D, N and Delete are CVAT's. */
export const shortcuts: readonly Shortcut[] = [
  {
    group: 'Frames',
    keys: ['f', 'pagedown'],
    shown: 'F',
    what: 'Next frame',
    repeats: true,
    run: (s) => s.show(s.index + 1),
  },
  {
    group: 'Frames',
    keys: ['d', 'pageup'],
    shown: 'D',
    what: 'Previous frame',
    repeats: true,
    run: (s) => s.show(s.index - 1),
  },
  { group: 'Frames', keys: ['home'], what: 'First frame', run: (s) => s.show(0) },
  { group: 'Frames', keys: ['end'], what: 'Last frame', run: (s) => s.show(s.frames.length - 1) },
  { group: 'Frames', keys: ['u'], what: 'Next unsure frame', run: (s) => s.showUnsure(1) },
  { group: 'Frames', keys: ['shift+u'], what: 'Previous unsure frame', run: (s) => s.showUnsure(-1) },
  { group: 'Frames', keys: ['r'], what: 'Next frame that is not reviewed', run: (s) => s.showNotReviewed() },
  { group: 'Decide', keys: ['enter'], what: 'Accept all boxes and go on', run: (s) => actions.acceptAndGoOn(s) },
  { group: 'Decide', keys: ['a'], what: 'Accept all boxes', run: (s) => actions.acceptAll(s) },
  { group: 'Decide', keys: ['x'], what: 'Nothing here: delete all boxes', run: (s) => actions.nothingHere(s) },
  { group: 'Decide', keys: ['c'], what: 'Copy boxes from the previous frame', run: (s) => actions.copyPrevious(s) },
  {
    group: 'Decide',
    keys: ['alt+delete', 'alt+backspace'],
    shown: 'Alt+Delete',
    what: 'Leave the frame out of the dataset, or take it back',
    run: (s) => void s.toggleLeftOut(),
  },
  { group: 'Decide', keys: ['ctrl+z'], what: 'Undo', repeats: true, run: (s) => s.undo() },
  {
    group: 'Decide',
    keys: ['ctrl+shift+z', 'ctrl+y'],
    shown: 'Ctrl+Shift+Z',
    what: 'Redo',
    repeats: true,
    run: (s) => s.redo(),
  },
  { group: 'Decide', keys: ['ctrl+enter'], what: 'Finish the job', run: (_, view) => view.finish() },
  {
    group: 'Boxes',
    keys: ['n'],
    what: 'New box in the middle, to be moved by keys',
    run: (_, view) => view.drawFromKeyboard(),
  },
  {
    group: 'Boxes',
    keys: ['.', 'w'],
    shown: '.',
    what: 'Select the next box',
    repeats: true,
    run: (s) => s.selectNext(1),
  },
  {
    group: 'Boxes',
    keys: [',', 'q'],
    shown: ',',
    what: 'Select the previous box',
    repeats: true,
    run: (s) => s.selectNext(-1),
  },
  {
    group: 'Boxes',
    keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
    shown: '1 – 9',
    what: 'Label of the selected or the next box',
    run(session, _, key) {
      const label = session.labels[Number(key) - 1];
      if (label !== undefined) actions.chooseLabel(session, label.id);
    },
  },
  { group: 'Boxes', keys: ['ctrl+c'], what: 'Copy the selected box', run: (s) => actions.copyBox(s) },
  { group: 'Boxes', keys: ['ctrl+v'], what: 'Paste it, on any frame', run: (s) => actions.pasteBox(s) },
  {
    group: 'Boxes',
    keys: ['l'],
    what: 'Find a label, where there are more than nine; Enter takes the first',
    run: (_, view) => view.findLabel(),
  },
  { group: 'Boxes', keys: ['v'], what: 'Accept the selected box', run: (s) => actions.confirmBox(s) },
  {
    group: 'Boxes',
    keys: ['delete', 'backspace'],
    shown: 'Delete',
    what: 'Delete the selected box',
    run: (s) => actions.deleteBox(s),
  },
  {
    group: 'Boxes',
    keys: [...arrows, ...withPrefix('shift+')],
    shown: '← ↑ → ↓',
    what: 'Move the selected box by 1 px (with Shift by 10); without one, ← → change frames and Shift moves the view',
    repeats: true,
    run(session, view, key) {
      const { x, y } = step(key);
      if (session.selectedBox !== undefined) actions.nudgeBox(session, { x, y });
      // The step is ten with Shift, and a tenth of the stage is a step that the eye can follow.
      else if (key.startsWith('shift+')) view.pan({ x: x / 100, y: y / 100 });
      else if (x !== 0) session.show(session.index + x);
    },
  },
  {
    group: 'Boxes',
    keys: [...withPrefix('alt+'), ...withPrefix('alt+shift+')],
    shown: 'Alt+arrows',
    what: 'Move its right or bottom edge',
    repeats: true,
    run: (s, _, key) => actions.nudgeBox(s, step(key), edge(key, 'se')),
  },
  {
    group: 'Boxes',
    keys: [...withPrefix('ctrl+'), ...withPrefix('ctrl+shift+')],
    shown: 'Ctrl+arrows',
    what: 'Move its left or top edge',
    repeats: true,
    run: (s, _, key) => actions.nudgeBox(s, step(key), edge(key, 'nw')),
  },
  {
    group: 'Boxes',
    keys: ['escape'],
    what: 'Select nothing; stop drawing',
    run(session, view) {
      if (!view.cancel()) session.select(undefined);
    },
  },
  {
    group: 'View',
    keys: ['+', '='],
    shown: '+',
    what: 'Zoom in (also the wheel)',
    repeats: true,
    run: (_, view) => view.zoom(1.25),
  },
  { group: 'View', keys: ['-'], what: 'Zoom out', repeats: true, run: (_, view) => view.zoom(0.8) },
  { group: 'View', keys: ['0'], what: 'Whole frame', run: (_, view) => view.fit() },
  {
    group: 'View',
    keys: ['[', ']'],
    shown: '[ ]',
    what: 'Hide boxes below a lower or higher confidence',
    repeats: true,
    run: (s, _, key) => s.setMinScore(Math.min(Math.max(s.minScore + (key === ']' ? 0.05 : -0.05), 0), 1)),
  },
  {
    group: 'Boxes',
    keys: ['shift+delete'],
    shown: 'Shift+Delete',
    what: 'Delete the hidden boxes',
    run: (s) => actions.deleteHidden(s),
  },
  { group: 'View', keys: ['b'], what: 'Show or hide all boxes', run: (_, view) => view.toggleBoxes() },
  { group: 'View', keys: ['?'], what: 'This help', run: (_, view) => view.showHelp() },
  { group: 'View', keys: ['ctrl+s'], what: 'Save now (it saves by itself)', run: (s) => void s.keeper.save() },
];

const byKey = new Map(shortcuts.flatMap((shortcut) => shortcut.keys.map((key) => [key, shortcut] as const)));

/** Does what a key press means, unless it belongs to the control that has the focus. @returns whether it meant something */
export function runShortcut(event: KeyboardEvent, session: ReviewSession, view: View): boolean {
  const name = keyName(event);
  const shortcut = byKey.get(name);
  if (shortcut === undefined || (event.repeat && !shortcut.repeats) || belongsToControl(event, name)) return false;
  event.preventDefault();
  shortcut.run(session, view, name);
  return true;
}

function belongsToControl(event: KeyboardEvent, name: string): boolean {
  const { target } = event;
  // Who has selected some text means to copy that.
  if (name === 'ctrl+c' && getSelection()?.isCollapsed === false) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input[type=range]')) return /arrow|home|end|page/.test(name);
  if (target.matches('input, textarea, select')) return !/^(ctrl\+(s|enter)|escape)$/.test(name);
  return name === 'enter' && target.matches('button, a, summary, [role=option]');
}
