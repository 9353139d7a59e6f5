package cases

// Reference is an acknowledgement number in canonical form: C-7K2M-9QXT.
type Reference string
