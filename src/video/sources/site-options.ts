import { BlockList, isIPv6 } from 'node:net';
import type { LoadedConfig } from '../../config/index.js';

/** How to deal with the sites that yt-dlp asks; the `youtube` section of the configuration in the terms of this folder. */
export interface SiteOptions {
  /** A cookies file in the format of Netscape. It is not changed. */
  cookies?: string;
  /** A folder of yt-dlp plug-ins. */
  pluginFolder?: string;
  /** Pause between two requests while a page is read, in seconds. */
  sleepRequestsSeconds?: number;
  /** Given to yt-dlp as they are, after ours. */
  extraArgs?: readonly string[];
}

export function siteOptions(youtube: LoadedConfig['youtube']): SiteOptions {
  return {
    cookies: youtube.cookies,
    pluginFolder: youtube.plugins,
    sleepRequestsSeconds: youtube.sleep_requests,
    extraArgs: youtube.extra_args,
  };
}

const ownNetworks = new BlockList();
ownNetworks.addSubnet('127.0.0.0', 8);
ownNetworks.addSubnet('10.0.0.0', 8);
ownNetworks.addSubnet('172.16.0.0', 12);
ownNetworks.addSubnet('192.168.0.0', 16);
ownNetworks.addAddress('::1', 'ipv6');

/** Whether the address is of this machine or of a private network (RFC 1918): nobody there minds how often we ask. */
export function isLocalAddress(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || ownNetworks.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}
