import { setCurrentDetails } from '@temporalio/workflow';
import type { VideoInput, VideoResult } from '../activities/types.js';
import { activitiesOn } from './activity-proxies.js';

/** Takes one video from where it is to candidates: download, format fix, frames with predictions. */
export async function VideoWorkflow({ round, video, steps, queues }: VideoInput): Promise<VideoResult> {
  const { io, sites, media } = activitiesOn(queues);
  setCurrentDetails(`Getting ${video.title ?? video.url ?? video.file ?? video.videoKey}`);
  let { file } = await (video.file === undefined ? sites : io).downloadVideo({ round, video });
  if (steps.fix_video_format) {
    ({ file } = await media.fixVideoFormat({ round, video, file }));
  }
  if (!steps.process_videos) return { videoKey: video.videoKey, frames: 0, detections: 0, framesWithDetections: 0 };
  setCurrentDetails(`Taking frames of ${video.title ?? file}`);
  return media.processVideo({ round, video, file });
}
