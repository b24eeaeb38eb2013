"""Local language models: GGUF files, asked through llama.cpp in a process of their own."""
