import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles a script of tests/support, to run as a plain node program.
 * @param options `faults`: with crash and fault points compiled in
 * @returns its path in `dir`
 */
export async function bundleScript(source: string, dir: string, { faults = false } = {}): Promise<string> {
  const outfile = join(dir, source.replace(/\.ts$/, '.mjs'));
  const banner = {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  };
  await build({
    entryPoints: [new URL(`./${source}`, import.meta.url).pathname],
    inject: [new URL('./state-roots.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    loader: { '.md': 'text' },
    define: {
      __FAULTS__: String(faults),
      __STRICT__: 'true',
      __REACHED__: JSON.stringify(process.env.SAMOCODE_REACHED ?? ''),
      __VERSION__: '"0.0.0-test"',
    },
    banner,
    target: 'node20.19',
    logLevel: 'warning',
  });
  return outfile;
}
