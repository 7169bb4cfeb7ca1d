import { createHash } from 'node:crypto';
import { diag, DiagLogLevel, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { Logger } from 'pino';
import { messageOf, PipelineError } from '../common/errors.js';
import { namesOf } from './log-attributes.js';

export interface Tracing {
  /** A span for every attempt of an activity. */
  interceptor: (context: Context) => ActivityInterceptors;
  /** Sends what waits to be sent. */
  stop: () => Promise<void>;
}

/**
 * OpenTelemetry spans by OTLP over HTTP with JSON, where the environment names a collector in the standard's own words
 * (OTEL_EXPORTER_OTLP_ENDPOINT, _TRACES_ENDPOINT, _HEADERS; OTEL_SERVICE_NAME, OTEL_SDK_DISABLED). Workflows are not
 * traced themselves: a round waits for weeks, and its history says more. What ties the activities of a round together
 * is a trace id made from the round's id.
 */
export function startTracing(env: NodeJS.ProcessEnv, log: Logger): Tracing | undefined {
  const url = tracesUrl(env);
  if (url === undefined) return undefined;
  const silent = () => undefined;
  const error = (message: string) => log.warn({ error: message }, 'Traces could not be sent');
  diag.setLogger({ error, warn: silent, info: silent, debug: silent, verbose: silent }, DiagLogLevel.ERROR);
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': env.OTEL_SERVICE_NAME?.trim() || 'frameloop' }),
    ),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url, headers: headersIn(env) }) })],
  });
  const tracer = provider.getTracer('frameloop');
  return {
    interceptor: ({ info }) => ({
      inbound: { execute: (input, next) => traced(tracer, info, input.args, () => next(input)) },
    }),
    stop: () => provider.shutdown(),
  };
}

async function traced<T>(tracer: Tracer, info: Context['info'], args: unknown[], work: () => Promise<T>): Promise<T> {
  const { round, video } = namesOf(args);
  const { activityType, attempt, taskQueue, workflowExecution } = info;
  const attributes = {
    ...(round !== undefined && { 'frameloop.round': round }),
    ...(video !== undefined && { 'frameloop.video': video }),
    ...(workflowExecution && {
      temporalWorkflowID: workflowExecution.workflowId,
      temporalRunID: workflowExecution.runId,
    }),
    temporalActivityAttempt: attempt,
    temporalTaskQueue: taskQueue,
  };
  const span = tracer.startSpan(activityType, { attributes }, contextOf(round ?? workflowExecution?.workflowId ?? ''));
  try {
    return await work();
  } catch (error) {
    if (error instanceof CancelledFailure) {
      span.setAttribute('frameloop.cancelled', true);
    } else if (!isPoll(error)) {
      span.setAttribute('error.type', (error instanceof ApplicationFailure && error.type) || 'UNKNOWN');
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    }
    throw error;
  } finally {
    span.end();
  }
}

/** A look that finds nothing new fails so that Temporal looks again later. */
function isPoll(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.category === ApplicationFailureCategory.BENIGN;
}

/** The same trace for the same round, whichever process works for it. */
function contextOf(round: string) {
  const digest = createHash('sha256').update(round).digest('hex');
  const parent = { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags: TraceFlags.SAMPLED });
}

function tracesUrl(env: NodeJS.ProcessEnv): string | undefined {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined;
  const [whole, base] = [env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env.OTEL_EXPORTER_OTLP_ENDPOINT].map((each) =>
    each?.trim(),
  );
  const url = whole || (base && `${base.replace(/\/$/, '')}/v1/traces`);
  if (!url) return undefined;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new PipelineError('CONFIG_INVALID', `OTEL_EXPORTER_OTLP_ENDPOINT is "${url}", which is no address.`, {
    hint: 'Write http://127.0.0.1:4318, the address of a collector that takes OTLP over HTTP.',
  });
}

/** `name=value,name=value`, values percent-encoded, as the standard has it. */
function headersIn({ OTEL_EXPORTER_OTLP_HEADERS: text = '' }: NodeJS.ProcessEnv): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const [name = '', ...value] = pair.split('=');
    return name.trim() === '' ? [] : [[name.trim(), decodeURIComponent(value.join('=').trim())]];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}
