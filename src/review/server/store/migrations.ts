import { sql, type Kysely, type Migration, type RawBuilder } from 'kysely';

/**
 * The steps by which a database of any earlier version becomes one of this version. Statements say `if not exists`,
 * because SQLite's migrator does not wrap them in a transaction: a step that a kill interrupted runs again.
 */
export const migrations: Record<string, Migration> = {
  '0001_first': { up: first },
  '0002_webhooks': { up: webhooks },
  '0003_access_tokens': { up: accessTokens },
  '0004_request_targets': { up: requestTargets },
  '0005_webhook_deliveries': { up: webhookDeliveries },
  '0006_request_attempts': { up: requestAttempts },
  '0007_deleted_frames': { up: deletedFrames },
};

async function first(db: Kysely<never>): Promise<void> {
  const id = sql`id integer primary key autoincrement`;
  await sql`create table if not exists projects (${id},
    name text not null, bug_tracker text not null, created_date text not null, updated_date text not null)`.execute(db);
  await sql`create table if not exists tasks (${id},
    name text not null, project_id integer references projects(id) on delete cascade,
    subset text not null, bug_tracker text not null, assignee_id integer, segment_size integer not null,
    has_data integer not null default 0, size integer not null default 0, image_quality integer, chunk_size integer,
    created_date text not null, updated_date text not null, data_date text)`.execute(db);
  await sql`create index if not exists tasks_by_project on tasks (project_id)`.execute(db);
  await sql`create index if not exists tasks_by_name on tasks (name)`.execute(db);
  await sql`create table if not exists labels (${id},
    project_id integer references projects(id) on delete cascade, task_id integer references tasks(id) on delete cascade,
    name text not null, color text not null, type text not null,
    check ((project_id is null) <> (task_id is null)), unique (project_id, name), unique (task_id, name))`.execute(db);
  await sql`create table if not exists pictures (${id},
    task_id integer not null references tasks(id) on delete cascade, name text not null, file text not null,
    sha256 text not null, frame integer, width integer, height integer,
    unique (task_id, name), unique (task_id, frame))`.execute(db);
  await sql`create table if not exists jobs (${id},
    task_id integer not null references tasks(id) on delete cascade, start_frame integer not null,
    stop_frame integer not null, stage text not null, state text not null, assignee_id integer,
    created_date text not null, updated_date text not null, unique (task_id, start_frame))`.execute(db);
  await sql`create table if not exists annotations (${id},
    task_id integer not null references tasks(id) on delete cascade, kind text not null, frame integer not null,
    label_id integer not null references labels(id), body text not null)`.execute(db);
  await sql`create index if not exists annotations_by_frame on annotations (task_id, frame)`.execute(db);
  await sql`create table if not exists requests (sequence integer primary key autoincrement,
    id text not null unique, action text not null, subresource text, task_id integer not null, project_id integer,
    format text, payload text not null, status text not null, message text not null, created_date text not null,
    started_date text, finished_date text, expiry_date text, result_file text)`.execute(db);
  await sql`create index if not exists requests_by_task on requests (task_id)`.execute(db);
}

async function webhooks(db: Kysely<never>): Promise<void> {
  await sql`create table if not exists webhooks (id integer primary key autoincrement,
    project_id integer not null references projects(id) on delete cascade, target_url text not null,
    description text not null, events text not null, secret text not null, is_active integer not null,
    created_date text not null, updated_date text not null)`.execute(db);
}

async function accessTokens(db: Kysely<never>): Promise<void> {
  await sql`create table if not exists access_tokens (id integer primary key autoincrement,
    kind text not null, name text not null, hash text not null unique, read_only integer not null,
    created_date text not null, updated_date text not null, expiry_date text, last_used_date text)`.execute(db);
}

/** Exports of jobs and of whole projects. */
async function requestTargets(db: Kysely<never>): Promise<void> {
  await addColumn(db, 'requests', 'target', sql`text not null default 'task'`);
  await addColumn(db, 'requests', 'job_id', sql`integer`);
}

async function webhookDeliveries(db: Kysely<never>): Promise<void> {
  await sql`create table if not exists webhook_deliveries (id integer primary key autoincrement,
    webhook_id integer not null references webhooks(id) on delete cascade, event text not null, body text not null,
    redelivery integer not null, attempt integer not null, status_code integer, response text,
    created_date text not null, updated_date text not null, next_date text)`.execute(db);
  await sql`create index if not exists deliveries_waiting on webhook_deliveries (next_date) where next_date is not null`.execute(
    db,
  );
  await sql`create index if not exists deliveries_by_webhook on webhook_deliveries (webhook_id, id)`.execute(db);
}

/** Work that ends the process each time must not be begun for ever. */
async function requestAttempts(db: Kysely<never>): Promise<void> {
  await addColumn(db, 'requests', 'attempts', sql`integer not null default 0`);
}

/** Frames that somebody has left out. */
async function deletedFrames(db: Kysely<never>): Promise<void> {
  await addColumn(db, 'pictures', 'deleted', sql`integer not null default 0`);
}

/** SQLite has no `add column if not exists`. */
async function addColumn(db: Kysely<never>, table: string, column: string, type: RawBuilder<unknown>): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info(${table})`.execute(db);
  if (rows.some(({ name }) => name === column)) return;
  await sql`alter table ${sql.table(table)} add column ${sql.ref(column)} ${type}`.execute(db);
}
