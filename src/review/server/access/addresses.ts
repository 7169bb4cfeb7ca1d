import type { FastifyRequest } from 'fastify';

/** The addresses this server listens on unless it is told otherwise. */
export const loopbackHosts = ['127.0.0.1', 'localhost', '::1'];

/**
 * Which names a Host or Origin header may carry: those of this machine itself, and those the server was told it is
 * reached by. A page whose own name was pointed at this machine (DNS rebinding) carries another.
 */
export class Addresses {
  private readonly names: ReadonlySet<string>;

  constructor(publicNames: readonly string[] = []) {
    this.names = new Set([...loopbackHosts.map(inUrl), ...publicNames.map((name) => inUrl(name.toLowerCase()))]);
  }

  /** `name` or `name:port`, as in a Host header. */
  admits(authority: string | undefined): boolean {
    const [, name] = /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(authority ?? '') ?? [];
    return name !== undefined && this.names.has(name.toLowerCase());
  }

  admitsOrigin(origin: string): boolean {
    const [, authority] = /^https?:\/\/([^/]+)$/.exec(origin) ?? [];
    return this.admits(authority);
  }
}

/** As an address stands in a URL: IPv6 in brackets. */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Scheme and host as the client addressed us, also through a proxy with TLS: CVAT makes its absolute URLs from it. */
export function originOf(request: FastifyRequest): string {
  return `${isSecure(request) ? 'https' : 'http'}://${request.headers.host ?? ''}`;
}

/** Whether the client has reached us by TLS. */
export function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https';
}
