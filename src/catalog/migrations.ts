import type { Kysely, Migration } from 'kysely';

/** In order of their names. A released migration is never changed: a change of the tables is a new one. */
export const migrations: Record<string, Migration> = {
  '0001_videos_frames_rounds': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('rounds')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('workflowId', 'text', (column) => column.notNull())
        .addColumn('runId', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('folder', 'text', (column) => column.notNull())
        .addColumn('taskId', 'integer')
        .addColumn('taskUrl', 'text')
        .addColumn('modelSha256', 'text')
        .addColumn('counts', 'text', (column) => column.notNull().defaultTo('{}'))
        .addColumn('startedAt', 'text', (column) => column.notNull())
        .addColumn('endedAt', 'text')
        .execute();
      await db.schema
        .createTable('videos')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('url', 'text')
        .addColumn('title', 'text')
        .addColumn('channel', 'text')
        .addColumn('licence', 'text')
        .addColumn('query', 'text')
        .addColumn('durationSeconds', 'double precision')
        .addColumn('path', 'text')
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('claimedByRound', 'text')
        .addColumn('failure', 'text')
        .execute();
      await db.schema
        .createTable('frames')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('videoKey', 'text', (column) => column.notNull().references('videos.key'))
        .addColumn('ptsMs', 'integer', (column) => column.notNull())
        .addColumn('width', 'integer', (column) => column.notNull())
        .addColumn('height', 'integer', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('hash', 'text', (column) => column.notNull())
        .addColumn('roundId', 'text', (column) => column.notNull().references('rounds.id'))
        .addColumn('state', 'text', (column) => column.notNull())
        .addColumn('reason', 'text')
        .addColumn('score', 'double precision')
        .addColumn('split', 'text')
        .execute();
      await db.schema.createIndex('frames_by_round').on('frames').columns(['roundId', 'state']).execute();
      await db.schema.createIndex('frames_by_video').on('frames').column('videoKey').execute();
      await db.schema.createIndex('videos_by_claim').on('videos').column('claimedByRound').execute();
    },
  },
  '0002_content_of_videos': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('videos').addColumn('siteId', 'text').execute();
      await db.schema.alterTable('videos').addColumn('uploadDate', 'text').execute();
      await db.schema.alterTable('videos').addColumn('sha256', 'text').execute();
      await db.schema.createIndex('videos_by_content').on('videos').column('sha256').execute();
    },
  },
  '0003_files': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('files')
        .addColumn('path', 'text', (column) => column.primaryKey())
        .addColumn('sizeBytes', 'bigint', (column) => column.notNull())
        .addColumn('modifiedMs', 'double precision', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .execute();
    },
  },
};
