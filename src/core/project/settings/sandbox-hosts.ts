/** The hosts of SANDBOX_HOSTS=packages: package registries and GitHub. */
export const PACKAGE_HOSTS =
  `registry.npmjs.org registry.yarnpkg.com pypi.org files.pythonhosted.org crates.io
  static.crates.io index.crates.io proxy.golang.org sum.golang.org repo.maven.apache.org repo1.maven.org
  plugins.gradle.org services.gradle.org rubygems.org index.rubygems.org packagist.org repo.packagist.org api.nuget.org
  repo.hex.pm builds.hex.pm github.com api.github.com codeload.github.com objects.githubusercontent.com
  raw.githubusercontent.com release-assets.githubusercontent.com github-cloud.githubusercontent.com`.split(
    /\s+/,
  );

/** The word that stands for PACKAGE_HOSTS. */
export const PACKAGES = 'packages';

/** A name with a dot (after `*.`: all names below it) or an address; then a port, unless it is 80 or 443. */
export const HOST = /^(?:\*\.)?[a-z\d_-]+(?:\.[a-z\d_-]+)+(?::\d{1,5})?$|^\[[\da-f:.]+\](?::\d{1,5})?$/;

/** Whether a list allows this host, which is given without brackets. */
export function allowsHost(allowed: readonly string[], host: string, port: number): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return allowed.some((each) => {
    const [, pattern = '', own] = /^(.*?)(?::(\d+))?$/.exec(each) ?? [];
    const isPort = own === undefined ? port === 80 || port === 443 : port === Number(own);
    const plain = pattern.replace(/^\[|\]$/g, '');
    return isPort && (plain.startsWith('*.') ? name.endsWith(plain.slice(1)) : name === plain);
  });
}
