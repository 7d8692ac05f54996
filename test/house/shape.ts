/** How large a file and a function may be, which names and which constructs are not used. */
import { posix } from 'node:path'
import ts from 'typescript'
import { parse } from './imports.js'
import type { Source } from './source.js'

const maxFileLines = 400
const maxFunctionLines = 70

const nameless = /^(utils?|types?|helpers?|misc|common)(\.tsx?)?$/

export function shapeErrors(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [...fileErrors(source), ...nodeErrors(source)])
}

function fileErrors({ path, text }: Source): string[] {
  const errors: string[] = []
  const lines = text.replace(/\n$/, '').split('\n').length
  if (lines > maxFileLines) errors.push(`${path} has ${lines} lines, more than ${maxFileLines}`)
  if (path.split(posix.sep).some((part) => nameless.test(part))) errors.push(`${path} names no concept`)
  return errors
}

function nodeErrors(source: Source): string[] {
  const file = parse(source)
  const errors: string[] = []
  const lineOf = (position: number): number => file.getLineAndCharacterOfPosition(position).line
  const visit = (node: ts.Node): void => {
    const from = lineOf(node.getStart(file))
    const lines = lineOf(node.end) - from + 1
    const place = `${source.path}:${from + 1}`
    if (ts.isFunctionLike(node) && lines > maxFunctionLines)
      errors.push(`${place} is a function of ${lines} lines, more than ${maxFunctionLines}`)
    if (ts.isClassLike(node) && !extendsError(node)) errors.push(`${place} is a class that is no error`)
    if (ts.isEnumDeclaration(node)) errors.push(`${place} is an enum`)
    if (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name) && node.name.text !== 'global') errors.push(`${place} is a namespace`)
    if (node.kind === ts.SyntaxKind.AnyKeyword) errors.push(`${place} says any`)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return errors
}

const extendsError = (node: ts.ClassLikeDeclaration): boolean =>
  node.heritageClauses?.some((clause) => clause.types.some((type) => /Error$/.test(type.expression.getText()))) ?? false
