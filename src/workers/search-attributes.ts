import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { messageOf } from '../common/errors.js';
import { searchAttributes } from '../workflows/search-attributes.js';

/** Numbers of `temporal.api.enums.v1.IndexedValueType`. */
const indexedTypes = { KEYWORD: 2, INT: 3 } as const;

const wanted = Object.values(searchAttributes).map(({ name, type }) => ({ name, type: indexedTypes[type] }));

/**
 * Makes the search attributes of our workflows in a namespace that does not have them.
 *
 * @returns whether it has them now. Where we may not make them, rounds run without: a workflow that sets an attribute
 * which the namespace does not know would never get any further.
 */
export async function ensureSearchAttributes(
  connection: NativeConnection,
  namespace: string,
  log: Logger,
): Promise<boolean> {
  const { operatorService } = connection;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const known = wanted.filter(({ name }) => name in (customAttributes ?? {}));
    const other = known.find(({ name, type }) => Number(customAttributes?.[name]) !== type);
    if (other) {
      log.warn(`The namespace has a search attribute ${other.name} of another type; rounds set none`);
      return false;
    }
    const missing = wanted.filter((each) => !known.includes(each));
    if (missing.length === 0) return true;
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, type])),
    });
    log.info({ namespace, names: missing.map(({ name }) => name) }, 'Search attributes were made');
    return true;
  } catch (error) {
    log.warn(
      { namespace, error: messageOf(error) },
      `Rounds set no search attributes: ${wanted.map(({ name }) => name).join(', ')} are missing in the namespace and could not be made`,
    );
    return false;
  }
}
