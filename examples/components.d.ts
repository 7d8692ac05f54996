/** What a component file of Vue is to TypeScript; Svelte declares its own. */
declare module '*.vue' {
  import type { Component } from 'vue'
  const component: Component
  export default component
}
