import { setCurrentDetails } from '@temporalio/workflow';
import type { VideoInput, VideoResult } from '../activities/types.js';
import { activitiesOn } from './activity-proxies.js';

/** Takes one video from where it is to candidates: download, format fix, frames with predictions. */
export async function VideoWorkflow({ round, video, steps, queues }: VideoInput): Promise<VideoResult> {
  const name = video.title ?? video.url ?? video.file ?? video.videoKey;
  const { io, sites, media } = activitiesOn(queues, name);
  setCurrentDetails(`Getting ${name}`);
  let { file } = await (video.file === undefined ? sites : io).downloadVideo({ round, video });
  if (steps.fix_video_format) {
    setCurrentDetails(`Checking the format of ${name}`);
    ({ file } = await media.fixVideoFormat({ round, video, file }));
  }
  if (!steps.process_videos) return { videoKey: video.videoKey, frames: 0, detections: 0, framesWithDetections: 0 };
  setCurrentDetails(`Taking frames of ${name}`);
  const result = await media.processVideo({ round, video, file });
  setCurrentDetails(`${result.frames} frames, ${result.detections} boxes of ${name}`);
  return result;
}
