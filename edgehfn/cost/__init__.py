"""What a model costs on a core: bytes and instructions, predicted from tables and measured in a linked program."""
