/** Prints what each subpath exports, from the emitted types. */
import ts from 'typescript'
import type { Subpath } from './manifest.js'

/** A Markdown page with the declarations of every exported name, sorted by name. */
export function apiReport(subpaths: readonly Subpath[]): string {
  const program = ts.createProgram(
    subpaths.map(({ types }) => types),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      skipLibCheck: true,
    },
  )
  const sections = subpaths.map((subpath) => `## ${subpath.name}\n\n\`\`\`ts\n${exportsOf(program, subpath.types).join('\n')}\n\`\`\`\n`)
  return `# API\n\nEvery exported name, generated from the types by \`npm run api\`. Meanings stand in the types' own comments.\n\n${sections.join('\n')}`
}

function exportsOf(program: ts.Program, types: string): string[] {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(types)
  const module = file && checker.getSymbolAtLocation(file)
  if (module === undefined) throw new Error(`Could not read ${types}: it is no module. Run npm run build first.`)
  return checker
    .getExportsOfModule(module)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((symbol) => {
      const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return (original.declarations ?? []).map((declaration) => print(declaration, symbol.name, original.name))
    })
}

const printer = ts.createPrinter({ removeComments: true })

function print(declaration: ts.Declaration, name: string, originalName: string): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  const text = printer.printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile()).replace(/^export (declare )?/, '')
  return name === originalName ? text : `${text} // as ${name}`
}
