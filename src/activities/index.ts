import { downloadLabels } from './download-labels.js';
import { downloadVideo } from './download-video.js';
import { failVideo, finishRound, releaseRound } from './end-round.js';
import { withFailures } from './failure.js';
import { clearEmptyLabels, mergeDataset } from './grow-dataset.js';
import { listVideos } from './list-videos.js';
import { planRound } from './plan-round.js';
import { fixVideoFormat } from './prepare-video.js';
import { processVideo } from './process-video.js';
import { Resources, type ActivityDependencies } from './resources.js';
import { selectFrames } from './select-frames.js';
import { trainModel } from './train-model.js';
import { uploadFrames, uploadPreLabels } from './upload-labels.js';
import { writeReport } from './write-report.js';
import { findOpenTask, isWaitOfOurs, markWaiting, pollTask } from './wait-for-people.js';

export { embeddedConnection, type ActivityDependencies } from './resources.js';

type WithoutResources<F> = F extends (resources: Resources, request: infer Request) => infer Result
  ? (request: Request) => Result
  : never;

/** The activities of a worker, in the order in which a round meets them, and what closes their resources. */
export function createActivities(dependencies: ActivityDependencies) {
  const resources = new Resources(dependencies);
  const bind = <F extends (resources: Resources, request: never) => unknown>(activity: F) =>
    ((request: never) => activity(resources, request)) as WithoutResources<F>;

  const activities = withFailures({
    planRound: bind(planRound),
    listVideos: bind(listVideos),
    downloadVideo: bind(downloadVideo),
    fixVideoFormat: bind(fixVideoFormat),
    processVideo: bind(processVideo),
    failVideo: bind(failVideo),
    selectFrames: bind(selectFrames),
    uploadFrames: bind(uploadFrames),
    uploadPreLabels: bind(uploadPreLabels),
    findOpenTask: bind(findOpenTask),
    isWaitOfOurs: bind(isWaitOfOurs),
    markWaiting: bind(markWaiting),
    pollTask: bind(pollTask),
    downloadLabels: bind(downloadLabels),
    clearEmptyLabels: bind(clearEmptyLabels),
    mergeDataset: bind(mergeDataset),
    writeReport: bind(writeReport),
    trainModel: bind(trainModel),
    finishRound: bind(finishRound),
    releaseRound: bind(releaseRound),
  });
  return { activities, close: () => resources.close() };
}

export type Activities = ReturnType<typeof createActivities>['activities'];
