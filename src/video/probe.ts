import { stat } from 'node:fs/promises';
import path from 'node:path';
import { execa, ExecaError } from 'execa';
import { PipelineError, systemErrorCode } from '../common/errors.js';
import { confine, findTool } from '../tools/index.js';
import { ffmpegOptions, inputArguments } from './ffmpeg.js';
import { packetsRead, readProbe, unusableProbe, type ProbeDetails, type ProbeDocument } from './probe-document.js';
import type { VideoProbe } from './types.js';

/** A look reads the first packets only; a file that keeps ffprobe busy for longer than this is made to do so. */
const probeTimeoutMs = 10 * 60_000;

/**
 * Looks at a video file with one call of ffprobe. A file that holds no usable video is no error: the result says
 * `usable: false` and why.
 *
 * @throws PipelineError VIDEO_NOT_FOUND, FFPROBE_KILLED, TOOL_MISSING, TOOL_TOO_OLD
 */
export async function probeVideo(file: string, options: { signal?: AbortSignal } = {}): Promise<VideoProbe> {
  const { probe, details } = await inspectVideo(file, options.signal);
  knownDetails.set(probe, details);
  return probe;
}

/** What was seen at the same look as the probe, so that taking frames does not look again. */
const knownDetails = new WeakMap<VideoProbe, ProbeDetails>();

/** The details that belong to a probe. */
export async function detailsOf(probe: VideoProbe, signal?: AbortSignal): Promise<ProbeDetails> {
  return knownDetails.get(probe) ?? (await inspectVideo(probe.file, signal)).details;
}

/** @throws PipelineError VIDEO_UNUSABLE with the reasons of the probe */
export function assertUsable(probe: VideoProbe): void {
  if (probe.usable) return;
  throw new PipelineError('VIDEO_UNUSABLE', `${probe.file} is not a usable video: ${probe.reasons.join('; ')}.`, {
    hint: 'Check that the file plays; fetch it again or leave it out.',
  });
}

/** {@link probeVideo} with what only this folder needs to know. */
export async function inspectVideo(
  file: string,
  signal?: AbortSignal,
): Promise<{ probe: VideoProbe; details: ProbeDetails }> {
  const absolute = path.resolve(file);
  if ((await sizeOfFile(absolute)) === 0) return unusableProbe(absolute, 'the file is empty');
  const ffprobe = await findTool('ffprobe');
  const programArguments = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams'];
  programArguments.push('-read_intervals', `%+#${packetsRead}`, '-show_entries', 'packet=stream_index,pts_time,flags');
  try {
    const { stdout } = await execa(...confine(ffprobe.path, [...programArguments, ...inputArguments(absolute)]), {
      ...ffmpegOptions(signal),
      timeout: probeTimeoutMs,
      maxBuffer: 100_000_000,
    });
    return readProbe(absolute, JSON.parse(stdout) as ProbeDocument);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    if (error.timedOut)
      return unusableProbe(absolute, `ffprobe did not finish within ${probeTimeoutMs / 60_000} minutes`);
    if (error.exitCode === undefined) {
      throw new PipelineError(
        'FFPROBE_KILLED',
        `ffprobe did not finish with ${absolute}: ${error.signal ?? error.code ?? 'it did not start'}.`,
        {
          hint: 'If it happens again, set FFPROBE_PATH to another ffprobe.',
          retryable: true,
          cause: error,
        },
      );
    }
    return unusableProbe(absolute, complaintOf(error, absolute));
  }
}

async function sizeOfFile(file: string): Promise<number> {
  const status = await stat(file).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  });
  if (status?.isFile() === true) return status.size;
  throw new PipelineError(
    'VIDEO_NOT_FOUND',
    status === undefined ? `There is no file ${file}.` : `${file} is not a file.`,
    {
      hint: 'Check the path; relative paths start at the current folder.',
    },
  );
}

/** ffprobe's first complaint without the prefix of its component and without the path. */
function complaintOf(error: { stderr?: unknown; exitCode?: number }, file: string): string {
  const line = String(error.stderr).split('\n', 1)[0] ?? '';
  const text = line
    .replace(/^\[[^\]]*\] /, '')
    .replace(`file:${file}: `, '')
    .trim();
  return text === '' ? `ffprobe ended with exit code ${error.exitCode}` : `not a readable video (${text})`;
}
