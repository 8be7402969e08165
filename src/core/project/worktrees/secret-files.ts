import { basename } from 'node:path';

/**
 * Whether a file most likely holds keys or logins, so that we put it into no commit: by its name, and of files that are
 * often harmless by their text.
 * @param read its text
 */
export async function isSecretFile(path: string, read: () => Promise<string | undefined>): Promise<boolean> {
  const name = basename(path);
  if (EXAMPLE_NAME.test(name)) return false;
  if (SECRET_NAME.test(name)) return true;
  const judge = BY_TEXT.find(([names]) => names.test(name));
  return judge?.[1].test((await read()) ?? '') ?? false;
}

/** Of the variables that a project needs, without their values. */
const EXAMPLE_NAME =
  /^\.env.*\.(?:example|sample|template|dist)$|^(?:.*\.)?(?:example|sample|template|dist)\.env$/i;

const SECRET_NAME = new RegExp(
  [
    String.raw`^\.env`,
    String.raw`\.env$`,
    String.raw`^\.(?:netrc|pypirc|pgpass|git-credentials|htpasswd|vault-token|dockercfg)$`,
    String.raw`^id_(?:rsa|dsa|ecdsa|ed25519)(?!.*\.pub$)`,
    String.raw`\.(?:key|p12|pfx|jks|keystore|kdbx|ppk|ovpn|tfstate)$`,
    String.raw`^(?:credentials|secrets?|service[-_]account.*)(?:\.(?:json|ya?ml|toml|ini|txt))?$`,
  ].join('|'),
  'i',
);

/** Certificates are public, and a project's registry is part of it: `_authToken=${NPM_TOKEN}` names a variable. */
const BY_TEXT: ReadonlyArray<readonly [names: RegExp, isSecret: RegExp]> = [
  [/\.(?:pem|p8|asc)$/i, /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/],
  [/^\.npmrc$/i, /_(?:authToken|auth|password)[ \t]*=[ \t]*(?!\$\{|["']\$\{)["']?[^\s"']/i],
];
