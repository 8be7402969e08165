/** Nine columns wide, as `  0.3 MB`. */
export function sizeWords(bytes: number | undefined): string {
  if (bytes === undefined) return '        ?';
  const megabytes = bytes / (1024 * 1024);
  const size = megabytes < 10 ? megabytes.toFixed(1) : String(Math.round(megabytes));
  return `${size} MB`.padStart(9);
}
