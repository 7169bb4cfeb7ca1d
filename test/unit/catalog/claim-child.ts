/**
 * Claims the videos `file-0` … in a process of its own and prints the keys of those it got.
 * Arguments: data folder; id of the round; number of videos.
 */
import { openCatalog } from '../../../src/catalog/index.js';

const [dataFolder = '', roundId = '', count = '0'] = process.argv.slice(2);
const catalog = await openCatalog(dataFolder);
const won: string[] = [];
for (let index = 0; index < Number(count); index += 1) {
  const videoKey = `file-${index}`;
  if (await catalog.claimVideo(roundId, { videoKey, source: 'file' })) won.push(videoKey);
}
await catalog.close();
process.stdout.write(JSON.stringify(won));
