import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from './temp-dir.ts';

/** Variables of common tools and desktops whose value is a path, as `su` without `-` and `sudo -u` pass them on. */
export const NAMES_OF_PATHS = [
  ...['SSH_AUTH_SOCK', 'CLAUDE_CODE_MESSAGING_SOCKET', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'PYENV_ROOT'],
  ...['CARGO_HOME', 'RUSTUP_HOME', 'NVM_DIR', 'GOPATH', 'GOROOT', 'JAVA_HOME', 'UV_PYTHON_INSTALL_DIR'],
  ...['npm_config_userconfig', 'PIP_CONFIG_FILE', 'DENO_DIR', 'BUN_INSTALL', 'XDG_CONFIG_HOME'],
  ...['CLAUDE_CONFIG_DIR', 'CODEX_HOME', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME', 'GNUPGHOME', 'GEMINI_CLI_HOME'],
  ...['GOOGLE_APPLICATION_CREDENTIALS', 'ANDROID_HOME', 'PNPM_HOME', 'VOLTA_HOME', 'KUBECONFIG'],
];

/** A folder that only root may enter, if the tests run as root; `at` names a path in it. */
export async function closedFolder() {
  const dir = await tempDir();
  const folder = join(dir.path, 'closed');
  await mkdir(join(folder, 'inner'), { recursive: true });
  if (process.getuid?.() === 0) await chown(folder, 0, 0);
  await chmod(dir.path, 0o755);
  await chmod(folder, process.getuid?.() === 0 ? 0o700 : 0);
  return {
    at: (name: string) => join(folder, 'inner', name),
    [Symbol.asyncDispose]: async () => {
      await chmod(folder, 0o700);
      await dir[Symbol.asyncDispose]();
    },
  };
}
