import { setCurrentDetails } from '@temporalio/workflow';
import type { VideoInput, VideoResult } from '../activities/types.js';
import { long } from './activity-proxies.js';

/** Takes one video from where it is to candidates: download, format fix, frames with predictions. */
export async function VideoWorkflow({ round, video, steps }: VideoInput): Promise<VideoResult> {
  setCurrentDetails(`Getting ${video.title ?? video.url ?? video.file ?? video.videoKey}`);
  let { file } = await long.downloadVideo({ round, video });
  if (steps.fix_video_format) {
    ({ file } = await long.fixVideoFormat({ round, video, file }));
  }
  if (!steps.process_videos) return { videoKey: video.videoKey, frames: 0, detections: 0, framesWithDetections: 0 };
  setCurrentDetails(`Taking frames of ${video.title ?? file}`);
  return long.processVideo({ round, video, file });
}
