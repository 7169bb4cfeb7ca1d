import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../common/errors.js';
import { readJsonLines, removeTemporaries, toJsonLines, writeFileAtomic } from '../common/files.js';
import { mapAhead } from '../common/map-ahead.js';
import type { Candidate } from '../common/types.js';
import type { Detector } from '../detector/index.js';
import { assertUsable, probeVideo, sampleFrames, type VideoReference } from '../video/index.js';
import type { RejectedFrame, SampledFrame, VideoProbe } from '../video/types.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { detectorOptions, readRoundFile, roundFiles, type RoundFile } from './round-file.js';
import { count } from './telemetry.js';
import type { RoundReference, VideoResult } from './types.js';

/** Pictures that wait for a thread of the detector while all are busy, so that none has to wait for a picture. */
const waitingPictures = 2;

/** What became of one frame. One line of the file that grows while a video is in work. */
type Step = Candidate | RejectedFrame;

/**
 * Takes frames and predicts them. Each finished frame is written down at once, so that a worker that takes over goes on
 * after the last one.
 */
export async function processVideo(
  resources: Resources,
  { round, video, file }: { round: RoundReference; video: VideoReference; file: string },
): Promise<VideoResult> {
  const plan = await readRoundFile(round.folder);
  const { videoKey } = video;
  const final = roundFiles.candidatesOf(round.folder, videoKey);
  const counts = final.replace(/\.jsonl$/, '.rejected.json');
  const catalog = await resources.catalog(plan.config.paths.data);
  const probe = await probeVideo(file);

  let candidates = await ifThere(readJsonLines<Candidate>(final));
  if (!candidates) {
    const partial = `${final}.part`;
    // What an earlier attempt was writing when it was killed.
    await removeTemporaries(path.dirname(final), `${videoKey}.`);
    await removeTemporaries(path.join(plan.config.paths.output, videoKey), `${videoKey}_`);
    const { steps, progress } = await resume(partial);
    try {
      const detector = await resources.detector(detectorOptions(plan));
      await withHeartbeat(async (signal, report) => {
        let frames = steps.filter(isCandidate).length;
        for await (const step of takeAndPredict(plan, { videoKey, probe, steps, detector, signal })) {
          steps.push(step);
          await progress.appendFile(toJsonLines([step]));
          if (isCandidate(step)) frames++;
          countStep(step);
          report({ frames, ptsSeconds: step.ptsSeconds });
        }
      });
    } finally {
      await progress.close();
    }
    candidates = steps.filter(isCandidate);
    await writeFileAtomic(counts, JSON.stringify(countRejected(steps)));
    await writeFileAtomic(final, toJsonLines(candidates));
    await rm(partial, { force: true });
  }

  await catalog.frames.recordCandidates(round.roundId, videoKey, candidates, probe.duration);
  count('videos', 1, { outcome: 'processed' });
  const rejected = await ifThere(readFile(counts, 'utf8'));
  return {
    videoKey,
    frames: candidates.length,
    detections: candidates.reduce((sum, { detections }) => sum + detections.length, 0),
    framesWithDetections: candidates.filter(({ detections }) => detections.length > 0).length,
    rejected: rejected === undefined ? undefined : (JSON.parse(rejected) as VideoResult['rejected']),
    candidates: final,
  };
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * What an earlier attempt did; a last line that was cut off by its end is forgotten. The file is always a new one: an
 * earlier attempt that was frozen, or cut off from Temporal, may still write into the old one, which nobody reads.
 */
async function resume(partial: string): Promise<{ steps: Step[]; progress: FileHandle }> {
  const steps = (await ifThere(readJsonLines<Step>(partial))) ?? [];
  await writeFileAtomic(partial, toJsonLines(steps));
  return { steps, progress: await open(partial, 'a') };
}

function isCandidate(step: Step): step is Candidate {
  return !('rejected' in step);
}

function countStep(step: Step): void {
  count('frames', 1, { outcome: isCandidate(step) ? 'sampled' : step.rejected });
  if (!isCandidate(step)) return;
  count('inferences', 1);
  count('detections', step.detections.length);
}

function countRejected(steps: Step[]): VideoResult['rejected'] {
  const counts = { blank: 0, duplicate: 0 };
  for (const step of steps) if (!isCandidate(step)) counts[step.rejected]++;
  return counts;
}

/** The frames after those of `steps`, predicted several at a time while the next ones are decoded, in order. */
async function* takeAndPredict(
  { config }: RoundFile,
  job: { videoKey: string; probe: VideoProbe; steps: readonly Step[]; detector: Detector; signal: AbortSignal },
): AsyncGenerator<Step> {
  const { videoKey, probe, steps, detector } = job;
  assertUsable(probe);
  const earlier = steps.filter(isCandidate);
  const { framerate, skip_start, skip_end, max_frames, jpeg_quality, ...video } = config.video;
  const stop = new AbortController();
  const signal = AbortSignal.any([job.signal, stop.signal]);
  const frames = sampleFrames(probe, {
    videoKey,
    outputFolder: config.paths.output,
    sampling: video.sampling,
    everySeconds: framerate,
    skipStartSeconds: skip_start,
    skipEndSeconds: skip_end,
    sceneThreshold: video.scene_threshold,
    sharpestWithinSeconds: video.sharpest_within,
    blankDeviation: video.blank_deviation,
    duplicateDistance: video.duplicate_distance,
    earlierHashes: earlier.map(({ perceptualHash }) => perceptualHash),
    maxFrames: max_frames === undefined ? undefined : max_frames - earlier.length,
    jpegQuality: jpeg_quality,
    afterSeconds: steps.at(-1)?.ptsSeconds,
    signal,
  });
  const predict = (step: SampledFrame | RejectedFrame) => toStep(step, detector, signal);
  yield* mapAhead(frames, detector.threads + waitingPictures, predict, () => stop.abort());
}

/** The detector gets the pixels as they were decoded: no second decoding, and nothing of what JPEG loses. */
async function toStep(step: SampledFrame | RejectedFrame, detector: Detector, signal: AbortSignal): Promise<Step> {
  if ('rejected' in step) return step;
  const { frame, picture, sha256, release } = step;
  const { detections, perceptualHash, embedding } = await detector.detect(picture, { signal });
  release();
  return { ...frame, sha256, perceptualHash, embedding, detections, modelSha256: detector.model.sha256 };
}
