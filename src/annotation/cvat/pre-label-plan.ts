import { sha256 } from '../../common/files.js';
import type { Detection, SelectedFrame } from '../../common/types.js';
import type { PlannedPreLabels } from '../types.js';

export interface PreLabelPolicy {
  /** By class: boxes with a lower confidence are not shown. */
  thresholds: Readonly<Record<string, number>>;
  /** Share of all frames that are shown without boxes, 0..1. Those that are marked as blind count, and always are. */
  blindShare: number;
}

type Frame = { frameId: string; detections: readonly Detection[] } & Partial<Pick<SelectedFrame, 'blind' | 'arm'>>;

/**
 * Which boxes of the model people see. Which frames are blind depends on nothing but the frames themselves, so that a
 * second call decides the same. What the share still wants is drawn from frames outside the control group, while there
 * are any: how much of that group is blind was decided by the selection.
 */
export function planPreLabels(
  frames: readonly Frame[],
  { thresholds, blindShare }: PreLabelPolicy,
): PlannedPreLabels[] {
  const wanted = Math.round(blindShare * frames.length);
  const drawn = frames
    .map(({ frameId, blind, arm }) => ({ frameId, turn: blind ? 0 : arm === 'control' ? 2 : 1, lot: sha256(frameId) }))
    .sort((a, b) => a.turn - b.turn || (a.lot < b.lot ? -1 : 1));
  const blind = new Set(drawn.filter(({ turn }, n) => turn === 0 || n < wanted).map(({ frameId }) => frameId));
  const threshold = (label: string) => (Object.hasOwn(thresholds, label) ? thresholds[label]! : 0);
  return frames.map(({ frameId, detections }) => ({
    frameId,
    blind: blind.has(frameId),
    detections: detections.filter(({ label, confidence }) => confidence >= threshold(label)),
  }));
}
