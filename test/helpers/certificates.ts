import { execa } from 'execa';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface CertificateFiles {
  certificate: string;
  key: string;
}

/** A certificate authority of a test's own, in a folder. Needs `openssl`. */
export async function certificateAuthority(folder: string, name: string) {
  const ca = filesOf(folder, name);
  const oneDay = ['-days', '1', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  await execa('openssl', [
    'req',
    '-x509',
    ...oneDay,
    '-subj',
    `/CN=${name}`,
    '-keyout',
    ca.key,
    '-out',
    ca.certificate,
  ]);
  return {
    certificate: ca.certificate,
    /** A certificate that this authority signs, good for `host` where one is named. */
    async issue(name: string, host?: string): Promise<CertificateFiles> {
      const made = filesOf(folder, name);
      const request = path.join(folder, `${name}.csr`);
      const extensions = path.join(folder, `${name}.ext`);
      const names = host === undefined ? [] : [`subjectAltName=DNS:${host}`];
      await writeFile(extensions, ['basicConstraints=CA:FALSE', ...names].join('\n'));
      const key = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', made.key];
      await execa('openssl', ['req', '-new', ...key, '-subj', `/CN=${name}`, '-out', request]);
      const signer = ['-CA', ca.certificate, '-CAkey', ca.key, '-CAcreateserial', '-days', '1'];
      await execa('openssl', [
        'x509',
        '-req',
        '-in',
        request,
        ...signer,
        '-extfile',
        extensions,
        '-out',
        made.certificate,
      ]);
      return made;
    },
  };
}

function filesOf(folder: string, name: string): CertificateFiles {
  return { certificate: path.join(folder, `${name}.pem`), key: path.join(folder, `${name}.key`) };
}
