export interface Bundle {
  readonly path: string
  remove(): void
}
export function bundle(name: string, entry: string): Bundle
