/** An answer other than success, with the body exactly as it goes over the wire (CVAT has four shapes of them). */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${status} ${JSON.stringify(body)}`);
  }
}

/** 404 for an object that does not exist. */
export function notFound(model: 'Project' | 'Task' | 'Job'): ApiError {
  return new ApiError(404, { detail: `No ${model} matches the given query.` });
}

/** 400 that concerns the request as a whole: `["message"]`. */
export function refused(message: string): ApiError {
  return new ApiError(400, [message]);
}

/** 400 that concerns one field: `{"field": ["message"]}`. */
export function invalidField(field: string, message: string): ApiError {
  return new ApiError(400, { [field]: [message] });
}

/** What CVAT says of the value of a list's parameter that no object can have, as the id of one that does not exist. */
export function noChoice(value = 'That choice'): string {
  return `Select a valid choice. ${value} is not one of the available choices.`;
}
