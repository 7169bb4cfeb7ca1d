import { downloadVideo } from '../../src/video/sources/download.js';
import type { VideoReference } from '../../src/video/types.js';

/** A process that downloads, to be killed: says on stdout when bytes have come. */
const [url = '', videoKey = '', folder = ''] = process.argv.slice(2);
const reference: VideoReference = { videoKey, source: 'url', url };
await downloadVideo(reference, { folder, maxHeight: 720, onProgress: () => process.stdout.write('some\n') });
