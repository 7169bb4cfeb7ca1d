import { CvatError } from './errors.js';
import type { CvatConnection } from '../types.js';

/** Origin and path prefix of the server without a slash at the end; https where no scheme is given. */
export function normaliseHost(host: string): string {
  const trimmed = host.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  // A host with a password in it must not be repeated in the message either.
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new CvatError('CVAT_HOST_INVALID', "The address of the CVAT server is not a server's address", {
      hint: 'Set CVAT_HOST to something like https://app.cvat.ai, without user name and password.',
    });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** The `Authorization` header: the token if there is one, else user and password, else none. */
export function authorization({ token, user, password }: CvatConnection): string | undefined {
  if (token !== undefined && token !== '') {
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new CvatError('CVAT_AUTH', 'The CVAT token holds spaces, line ends or letters that no token has', {
        hint: 'Copy CVAT_TOKEN again, without quotes around it.',
      });
    }
    return `Bearer ${token}`;
  }
  if (user === undefined || user === '') return undefined;
  return `Basic ${Buffer.from(`${user}:${password ?? ''}`, 'utf8').toString('base64')}`;
}

/** Takes the credentials out of a text, whatever server or library put them in. */
export function secretsRemover(connection: CvatConnection): (text: string) => string {
  const header = authorization(connection);
  const secrets = [header?.split(' ')[1], connection.token, connection.password]
    // A shorter "password" stands in every text by chance.
    .filter((secret): secret is string => secret !== undefined && secret.length >= 4);
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}
