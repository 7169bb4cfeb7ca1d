/**
 * What a worker does with a video, in a process of its own: frames are taken and predicted while the next ones are
 * decoded. Prints how many there were and the most memory that the process had.
 */
import { mapAhead } from '../../src/common/map-ahead.js';
import { createDetector } from '../../src/detector/index.js';
import { probeVideo, sampleFrames } from '../../src/video/index.js';

const [file = '', everySeconds, outputFolder = '', model = ''] = process.argv.slice(2);
const detector = await createDetector({ model });
const frames = sampleFrames(await probeVideo(file), {
  ...{ videoKey: 'bench', outputFolder, everySeconds: Number(everySeconds) },
});
let count = 0;
const predict = async (step: typeof frames extends AsyncGenerator<infer T> ? T : never): Promise<void> => {
  if ('rejected' in step) return;
  await detector.detect(step.picture);
  step.release();
  count++;
};
for await (const done of mapAhead(frames, detector.threads + 2, predict, () => {})) void done;
await detector.close();
console.log(JSON.stringify({ frames: count, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
