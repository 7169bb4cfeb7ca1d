import { useState } from 'preact/hooks';
import { readJobs, readTasks, thumbnailUrl } from '../api/cvat.js';
import type { Job, Task } from '../api/types.js';
import { Button } from '../ui/button.js';
import { useLoaded } from '../ui/load.js';
import { Notice } from '../ui/notice.js';
import { ago } from '../ui/time.js';

/** Often enough to see a new task come while one waits for it. */
const refreshMs = 3000;

/** Tasks that are shown at first, and added each time; older ones are finished, as a rule. */
const tasksAtATime = 50;

/** The tasks with their jobs, newest first: where reviewing begins. */
export function TasksPage({ taskId, folderId }: { taskId: number | undefined; folderId: string }) {
  const { value, error } = useLoaded(`tasks ${taskId}`, () => read(taskId), refreshMs);
  const [shown, setShown] = useState(tasksAtATime);
  const older = Math.max(0, (value?.length ?? 0) - shown);
  const open = value?.flatMap(({ jobs }) => jobs).filter(({ state }) => state !== 'completed');
  // What was begun comes first.
  const next = open?.find(({ state }) => state === 'in progress') ?? open?.[0];
  return (
    <>
      <header class="page-header">
        <h1>{taskId === undefined ? 'Review' : 'Task'}</h1>
        {next !== undefined && (
          <a class="button primary" href={`/tasks/${next.task_id}/jobs/${next.id}`}>
            {next.state === 'in progress' ? 'Go on reviewing' : 'Start reviewing'}
          </a>
        )}
      </header>
      {error !== undefined && <Notice kind="bad">The tasks cannot be read: {error}</Notice>}
      {value?.length === 0 && (
        <div class="card empty">
          <h2>No task yet</h2>
          <p>When a round has chosen its frames, they appear here. Start one with:</p>
          <pre>frameloop start</pre>
        </div>
      )}
      {value?.slice(0, shown).map((entry) => (
        <TaskCard key={entry.task.id} {...entry} folderId={folderId} />
      ))}
      {older > 0 && (
        <div>
          <Button onClick={() => setShown(shown + tasksAtATime)}>Show older tasks ({older})</Button>
        </div>
      )}
    </>
  );
}

interface Entry {
  task: Task;
  jobs: Job[];
}

async function read(taskId: number | undefined): Promise<Entry[]> {
  const [tasks, jobs] = await Promise.all([readTasks(taskId), readJobs(taskId)]);
  const ofTask = new Map<number, Job[]>(tasks.map(({ id }) => [id, []]));
  for (const job of jobs) ofTask.get(job.task_id)?.push(job);
  return tasks.map((task) => ({ task, jobs: ofTask.get(task.id) ?? [] }));
}

function TaskCard({ task, jobs, folderId }: Entry & { folderId: string }) {
  const done = jobs.filter(({ state }) => state === 'completed').length;
  return (
    <section class="card task" aria-labelledby={`task-${task.id}`}>
      <header>
        <h2 id={`task-${task.id}`} class="ellipsis">
          <a href={`/tasks/${task.id}`}>{task.name}</a>
        </h2>
        <span class="quiet">
          task {task.id} · {task.size} frames · changed {ago(task.updated_date)}
        </span>
        <span class={done === jobs.length && jobs.length > 0 ? 'badge good' : 'badge'}>
          {done} of {jobs.length} jobs finished
        </span>
      </header>
      {jobs.length === 0 && <p class="quiet">Its frames are on their way.</p>}
      <ul class="jobs">
        {jobs.map((job) => (
          <li key={job.id}>
            <a class={`job-card ${job.state.replace(' ', '-')}`} href={`/tasks/${task.id}/jobs/${job.id}`}>
              <img src={thumbnailUrl(task.id, job.start_frame, folderId)} alt="" loading="lazy" />
              <span class="job-name">Job {job.id}</span>
              <span class="quiet">
                frames {job.start_frame + 1}–{job.stop_frame + 1}
              </span>
              <span class="job-state">{job.state}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
