package configs

import _ "embed" // for the example files

// ExampleSettings is redress.example.yaml: every setting with its meaning.
//
//go:embed redress.example.yaml
var ExampleSettings []byte

// ExampleOrganisation is organisation.example.yaml: a city that shows every
// part of an organisation, for the sandbox and as a start of one's own.
//
//go:embed organisation.example.yaml
var ExampleOrganisation []byte
