import { appendFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { systemErrorCode } from '../common/errors.js';
import { commitFile, readJsonLines, sha256File, toJsonLines, writeFileAtomic } from '../common/files.js';
import type { Candidate, Frame } from '../common/types.js';
import type { Detector } from '../detector/index.js';
import { assertUsable, probeVideo, sampleFrames, type VideoReference } from '../video/index.js';
import { withHeartbeat } from './heartbeat.js';
import type { Resources } from './resources.js';
import { detectorOptions, readRoundFile, roundFiles } from './round-file.js';
import type { RoundReference, VideoResult } from './types.js';

/** Frames whose prediction is awaited while the next ones are decoded: enough to keep every inference thread busy. */
const predictionsAhead = 8;

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
  const catalog = await resources.catalog(plan.config.paths.data);

  let candidates = await readIfThere(final);
  if (!candidates) {
    const partial = `${final}.part`;
    const done = await resume(partial);
    const probe = await probeVideo(file);
    assertUsable(probe);
    const detector = await resources.detector(detectorOptions(plan));
    const { framerate, skip_start, skip_end, max_frames, jpeg_quality } = plan.config.video;
    candidates = await withHeartbeat(async (signal, report) => {
      const frames = sampleFrames(probe, {
        videoKey,
        outputFolder: plan.config.paths.output,
        everySeconds: framerate,
        skipStartSeconds: skip_start,
        skipEndSeconds: skip_end,
        maxFrames: max_frames === undefined ? undefined : max_frames - done.length,
        jpegQuality: jpeg_quality,
        afterSeconds: done.at(-1)?.ptsSeconds,
        signal,
      });
      for await (const candidate of predict(frames, detector, signal)) {
        done.push(candidate);
        await appendFile(partial, toJsonLines([candidate]));
        report({ frames: done.length, ptsSeconds: candidate.ptsSeconds });
      }
      return done;
    });
    await writeFileAtomic(partial, toJsonLines(candidates));
    await commitFile(partial, final);
  }

  await catalog.recordCandidates(round.roundId, videoKey, candidates);
  return {
    videoKey,
    frames: candidates.length,
    detections: candidates.reduce((sum, { detections }) => sum + detections.length, 0),
    framesWithDetections: candidates.filter(({ detections }) => detections.length > 0).length,
    candidates: final,
  };
}

async function readIfThere(file: string): Promise<Candidate[] | undefined> {
  try {
    return await readJsonLines<Candidate>(file);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The frames that an earlier attempt finished; a last line that was cut off by its end is forgotten. */
async function resume(partial: string): Promise<Candidate[]> {
  await mkdir(path.dirname(partial), { recursive: true });
  const done = await readIfThere(partial);
  if (done) await writeFileAtomic(partial, toJsonLines(done));
  return done ?? [];
}

/** Predicts a stream of frames, several at a time, and keeps their order. */
async function* predict(
  frames: AsyncIterable<Frame>,
  detector: Detector,
  signal: AbortSignal,
): AsyncGenerator<Candidate> {
  const ahead: Promise<Candidate>[] = [];
  const takeOldest = async (): Promise<Candidate> => {
    const oldest = ahead.shift();
    if (!oldest) throw new Error('no prediction is awaited');
    return oldest;
  };
  try {
    for await (const frame of frames) {
      const candidate = toCandidate(frame, detector, signal);
      candidate.catch(() => undefined); // awaited in order below; until then it is not unhandled
      ahead.push(candidate);
      if (ahead.length >= predictionsAhead) yield await takeOldest();
    }
    while (ahead.length > 0) yield await takeOldest();
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function toCandidate(frame: Frame, detector: Detector, signal: AbortSignal): Promise<Candidate> {
  const [{ width, height, detections, perceptualHash }, sha256] = await Promise.all([
    detector.detect(frame.file, { signal }),
    sha256File(frame.file, signal),
  ]);
  return { ...frame, width, height, sha256, perceptualHash, detections, modelSha256: detector.model.sha256 };
}
