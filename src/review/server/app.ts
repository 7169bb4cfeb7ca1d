import multipart from '@fastify/multipart';
import Fastify, { type FastifyInstance } from 'fastify';
import { Access } from './access/access.js';
import type { Addresses } from './access/addresses.js';
import { guard } from './access/guard.js';
import { answers } from './answers.js';
import type { ReviewContext } from './context.js';
import { annotationRoutes } from './routes/annotations.js';
import { authRoutes } from './routes/auth.js';
import { dataRoutes } from './routes/data.js';
import { frameRoutes } from './routes/frames.js';
import { exportRoutes } from './routes/export.js';
import { importRoutes } from './routes/import.js';
import { issueRoutes } from './routes/issues.js';
import { jobRoutes } from './routes/jobs.js';
import { labelRoutes } from './routes/labels.js';
import { projectRoutes } from './routes/projects.js';
import { requestRoutes } from './routes/requests.js';
import { serverRoutes } from './routes/server.js';
import { taskRoutes } from './routes/tasks.js';
import { requestEvents } from './events.js';
import { webhookRoutes } from './routes/webhooks.js';
import { noOrganization } from './organization.js';
import { uploadLimits } from './upload.js';
import type { WebhookSender } from './webhook-sender.js';
import { collectRoutes, schemaRoute } from './openapi/document.js';
import { pageRoutes } from './web/page.js';
import type { PipelineFolders } from './web/pipeline.js';
import { webRoutes } from './web/routes.js';
import { Thumbnails } from './web/thumbnails.js';
import { annotationVersions } from './web/versions.js';

export interface AppOptions {
  token: string;
  /** Undefined where no password was set. */
  passwordHash: string | undefined;
  addresses: Addresses;
  /** Whether a proxy on this machine may say how and from where a client has reached it. */
  behindProxy: boolean;
  requestTimeoutMs: number;
  log: (line: object) => void;
  pipeline?: PipelineFolders | undefined;
  /** What stands in the addresses of this server that the pipeline has used. */
  hosts: ReadonlySet<string>;
  webhooks: WebhookSender;
}

/** The HTTP server over a data folder, not yet listening. */
export async function createApp(
  context: ReviewContext,
  { token, passwordHash, addresses, behindProxy, requestTimeoutMs, log, pipeline, hosts, webhooks }: AppOptions,
): Promise<FastifyInstance> {
  const app = Fastify({
    requestTimeout: requestTimeoutMs,
    // Node itself has to know it too, or its own time for the headers would hold; and it looks for slow ones so often.
    http: { requestTimeout: requestTimeoutMs, connectionsCheckingInterval: Math.min(30_000, requestTimeoutMs / 4) },
    // Of anybody else X-Forwarded-For would be a way around the limit of logins.
    trustProxy: behindProxy && 'loopback',
    bodyLimit: 2 ** 20,
    routerOptions: {
      ignoreTrailingSlash: true,
      // Request ids name action, target and format and are longer than the default of 100.
      maxParamLength: 500,
    },
  });
  const apiRoutes = collectRoutes(app);
  const access = new Access(context.store, token, passwordHash);
  guard(app, access, addresses);
  noOrganization(app);
  answers(app, log);
  requestEvents(app, context.store, context.events);
  app.addHook('onReady', () => webhooks.wake());
  await app.register(multipart, {
    // What a client meant by a path is decided where files get their names.
    preservePath: true,
    limits: {
      fileSize: uploadLimits.fileBytes,
      files: uploadLimits.files,
      fields: uploadLimits.fields,
      fieldSize: uploadLimits.fieldBytes,
      fieldNameSize: 200,
      parts: uploadLimits.files + uploadLimits.fields,
    },
    throwFileSizeLimit: false,
  });
  const routes = [
    serverRoutes,
    projectRoutes,
    labelRoutes,
    taskRoutes,
    dataRoutes,
    annotationRoutes,
    jobRoutes,
    issueRoutes,
    exportRoutes,
    importRoutes,
    requestRoutes,
  ];
  annotationVersions(app, context);
  for (const add of routes) add(app, context);
  webhookRoutes(app, context, webhooks);
  schemaRoute(app, apiRoutes);
  authRoutes(app, context, access);
  const thumbnails = new Thumbnails();
  frameRoutes(app, context, thumbnails);
  webRoutes(app, context, { token, access, thumbnails, pipeline, hosts });
  await pageRoutes(app, access);
  return app;
}
